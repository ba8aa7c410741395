import { randomBytes, randomFillSync } from 'node:crypto';
import { atTurnEnd, turnTime } from './turn-end.ts';

/** A cancellable timer. `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

/**
 * Time as the pure parts see it (invariant I8): injected, so that a scenario replays from a seed.
 * All times are in milliseconds.
 */
export interface Clock {
  /** Monotonic; the origin is arbitrary. May stand still for a turn (`base/turn-end.ts`). */
  now(): number;
  /** Wall clock, Unix epoch. */
  wall(): number;
  /** Calls `fn` once after `ms`. Never keeps the process alive. */
  after(ms: number, fn: () => void): Timer;
}

/** Random bytes as the pure parts see them. */
export type RandomBytes = (length: number) => Buffer;

/** Random bytes are drawn so many at a time: a call for a few costs as much as one for thousands. */
const POOL_BYTES = 8 << 10;
const POOLED = 256;
const pool = Buffer.alloc(POOL_BYTES);
let poolAt = POOL_BYTES;

/** Each result has memory of its own, so that one that is kept keeps nothing else, and is gone from the pool. */
export const systemRandom: RandomBytes = (length) => {
  if (length > POOLED) return randomBytes(length);
  if (poolAt + length > POOL_BYTES) {
    randomFillSync(pool);
    poolAt = 0;
  }
  const out = Buffer.allocUnsafeSlow(length);
  pool.copy(out, 0, poolAt, poolAt + length);
  pool.fill(0, poolAt, poolAt + length);
  poolAt += length;
  return out;
};

export const systemClock: Clock = {
  now: turnTime,
  wall: () => Date.now(),
  after: (ms, fn) => {
    const handle = setTimeout(fn, ms);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

/**
 * When datagrams leave: after all events of the loop's turn, as Node reads up to 32 datagrams in one, each of which
 * would be a record of its own.
 */
export function afterThisTurn(fn: () => void): void {
  atTurnEnd(fn);
}

/** Above this many streams a flush waits for the others of its turn. */
export const BATCH_ABOVE = 8;

/**
 * When small data leaves. With few streams right after the event that brought it, so that neither a keystroke nor
 * credit waits. With many after all events of the loop's turn: what they bring then shares records and system calls.
 */
export function flushTiming(streams: () => number): (fn: () => void) => void {
  return (fn) => {
    if (streams() > BATCH_ABOVE) atTurnEnd(fn);
    else process.nextTick(fn);
  };
}
