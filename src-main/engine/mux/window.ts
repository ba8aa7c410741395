import type { Clock } from '../base/clock.ts';

/**
 * A sender held back by its window gets half of it through in half a round trip. So half a window used up within
 * little more than that means that the window, not the path or the reader, sets the pace, and it grows. On a long path
 * what is granted together arrives together, so that half a window may be all that comes in a round trip: there a
 * whole one counts. Wider than the path needs it would only be a queue in which a keystroke waits (measured on loopback
 * beside a bulk stream: a fixed 1 MiB costs 3.5 ms, 512 KiB half of that at the same rate).
 */
const GROW_WITHIN_RTTS = 0.65;
const LONG_GROW_WITHIN_RTTS = 1.15;
/** From here on a path is long, ms: waiting for credit costs more than the frames that grant it. */
const LONG_PATH_MS = 5;
/** While the round trip is unknown, ms. */
const GROW_WITHIN_MS = 100;

/**
 * Receive window of one stream. Credit is granted as the reader consumes, once half a window is free (fewer frames; a
 * quarter on long paths, where what is free and not granted is idle for a round trip). The window grows, up to its cap,
 * while it is what holds the sender back.
 */
export class ReceiveWindow {
  /** Bytes the peer may still send. */
  private open: number;
  private size: number;
  private consumedBytes = 0;
  /** Bytes consumed since `judgedAt`, when it was last asked whether the window is too small. */
  private judgedBytes = 0;
  private judgedAt: number;
  private readonly cap: number;
  private readonly clock: Clock;
  private readonly rttMs: () => number | undefined;

  /** Sizes in bytes; `rttMs` is the session's shortest round trip, if known. */
  constructor(initial: number, cap: number, clock: Clock, rttMs: () => number | undefined = () => undefined) {
    this.rttMs = rttMs;
    this.open = initial;
    this.size = initial;
    this.cap = cap;
    this.clock = clock;
    this.judgedAt = clock.now();
  }

  /** False: the peer sent more than it had credit for. */
  take(bytes: number): boolean {
    this.open -= bytes;
    return this.open >= 0;
  }

  /** The reader got rid of `bytes`; returns the credit to grant now, mostly 0. */
  consume(bytes: number): number {
    this.consumedBytes += bytes;
    this.judgedBytes += bytes;
    const rtt = this.rttMs();
    const long = rtt !== undefined && rtt >= LONG_PATH_MS;
    if (this.consumedBytes < this.size >>> (long ? 2 : 1)) return 0;
    const credit = this.consumedBytes + (this.judgedBytes < this.size >>> 1 ? 0 : this.grow(rtt, long));
    this.consumedBytes = 0;
    this.open += credit;
    return credit;
  }

  /** By how much the window grows, bytes. */
  private grow(rtt: number | undefined, long: boolean): number {
    if (this.size >= this.cap) return 0;
    const now = this.clock.now();
    const took = now - this.judgedAt;
    this.judgedAt = now;
    this.judgedBytes = 0;
    const within =
      rtt === undefined ? GROW_WITHIN_MS : rtt * (long ? LONG_GROW_WITHIN_RTTS : GROW_WITHIN_RTTS);
    if (took >= within) return 0;
    // Used up so soon that twice would not do either.
    const grown = Math.min(this.cap, this.size * (took < within / 2 ? 4 : 2)) - this.size;
    this.size += grown;
    return grown;
  }
}
