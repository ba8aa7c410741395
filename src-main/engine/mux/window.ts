import type { Clock } from '../base/clock.ts';

/**
 * A sender held back by its window gets half of it through in half a round trip. So half a window used up within
 * little more than that means that the window, not the path or the reader, sets the pace, and it grows. On a long path
 * what is granted together arrives together, so that half a window may be all that comes in a round trip: there a
 * whole one counts.
 */
const GROW_WITHIN_RTTS = 0.65;
const LONG_GROW_WITHIN_RTTS = 1.15;
/** From here on a path is long, ms: waiting for credit costs more than the frames that grant it. */
const LONG_PATH_MS = 5;
/** While the round trip is unknown, ms. */
const GROW_WITHIN_MS = 100;
/**
 * On a short path processes that take turns are what takes time, not the path: a window of a round trip leaves them
 * idle for a third of it (by hand, with the bench's load tool: half the rate). So half a window within this, ms, is enough to grow, unless
 * somebody exchanges messages beside it: what a wide window adds is a queue in which these wait.
 */
const SHORT_GROW_WITHIN_MS = 5;
/** ... and then windows shrink to what the path needs, and to this at least, bytes. */
const SMALL_WINDOW = 80 << 10;

/** What a window goes by. */
export interface WindowPath {
  /** The session's shortest round trip, ms, if known. */
  rttMs?: (() => number | undefined) | undefined;
  /** Somebody exchanges small messages in the same session. */
  isInteractive?: (() => boolean) | undefined;
}

/**
 * Receive window of one stream. Credit is granted as the reader consumes, once half a window is free (fewer frames; a
 * quarter on long paths, where what is free and not granted is idle for a round trip, and for a stream alone, while
 * nobody else has work for a sender that waits). The window grows, up to its cap,
 * while it is what holds the sender back, and shrinks where that makes others wait.
 */
export class ReceiveWindow {
  /** Bytes the peer may still send. */
  private open: number;
  private size: number;
  private consumedBytes = 0;
  /** Bytes consumed since `judgedAt`, when it was last asked whether the window has the right size. */
  private judgedBytes = 0;
  private judgedAt: number;
  private readonly cap: number;
  private readonly clock: Clock;
  private readonly path: WindowPath;

  /** Sizes in bytes. */
  constructor(initial: number, cap: number, clock: Clock, path: WindowPath = {}) {
    this.path = path;
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

  /** The reader got rid of `bytes`; returns the credit to grant now, mostly 0. `alone`: no other stream gets any. */
  consume(bytes: number, alone = false): number {
    this.consumedBytes += bytes;
    this.judgedBytes += bytes;
    const rtt = this.path.rttMs?.();
    const long = rtt !== undefined && rtt >= LONG_PATH_MS;
    if (this.consumedBytes < this.size >>> (long || alone ? 2 : 1)) return 0;
    // What it shrinks by is never granted again.
    const credit = this.consumedBytes + (this.judgedBytes < this.size >>> 1 ? 0 : this.resize(rtt, long));
    this.consumedBytes = 0;
    this.open += credit;
    return credit;
  }

  /** By how much the window grows, or shrinks (at most by what was consumed), bytes. */
  private resize(rtt: number | undefined, long: boolean): number {
    const now = this.clock.now();
    const took = now - this.judgedAt;
    const bytes = this.judgedBytes;
    this.judgedAt = now;
    this.judgedBytes = 0;
    const shy = rtt !== undefined && !long && this.path.isInteractive?.() === true;
    const change = shy ? this.shrink(rtt, took, bytes) : 0;
    const within = this.growWithin(rtt, long, shy);
    if (change === 0 && this.size < this.cap && took < within) {
      // Used up so soon that twice would not do either.
      const most = took < within / 2 ? 4 : 2;
      const grown = Math.min(this.cap, this.size * most) - this.size;
      this.size += grown;
      return grown;
    }
    this.size += change;
    return change;
  }

  private growWithin(rtt: number | undefined, long: boolean, shy: boolean): number {
    if (rtt === undefined) return GROW_WITHIN_MS;
    if (long) return rtt * LONG_GROW_WITHIN_RTTS;
    return shy ? rtt * GROW_WITHIN_RTTS : Math.max(SHORT_GROW_WITHIN_MS, rtt * GROW_WITHIN_RTTS);
  }

  private shrink(rtt: number, took: number, bytes: number): number {
    const needed = took > 0 ? (rtt * bytes) / took : Number.POSITIVE_INFINITY;
    const target = Math.ceil(Math.max(SMALL_WINDOW, needed));
    return -Math.min(Math.max(0, this.size - target), this.consumedBytes);
  }
}
