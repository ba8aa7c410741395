import { randomBytes } from 'node:crypto';

/** A cancellable timer. `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

/**
 * Time as the pure parts see it (invariant I8): injected, so that a scenario replays from a seed.
 * All times are in milliseconds.
 */
export interface Clock {
  /** Monotonic; the origin is arbitrary. */
  now(): number;
  /** Wall clock, Unix epoch. */
  wall(): number;
  /** Calls `fn` once after `ms`. Never keeps the process alive. */
  after(ms: number, fn: () => void): Timer;
}

/** Random bytes as the pure parts see them. */
export type RandomBytes = (length: number) => Buffer;

export const systemRandom: RandomBytes = (length) => randomBytes(length);

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after: (ms, fn) => {
    const handle = setTimeout(fn, ms);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Above this many streams a flush waits for the others of its turn. */
const BATCH_ABOVE = 8;

/**
 * When small data leaves. With few streams right after the event that brought it, so that neither a keystroke nor
 * credit waits. With many after all events of the loop's turn: what they bring then shares records and system calls.
 */
export function flushTiming(streams: () => number): (fn: () => void) => void {
  return (fn) => {
    if (streams() > BATCH_ABOVE) setImmediate(fn);
    else process.nextTick(fn);
  };
}
