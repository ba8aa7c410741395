import type { Clock } from '../base/clock.ts';

/**
 * A sender held back by its window gets half of it through in half a round trip. So half a window used up within
 * little more than that means that the window, not the path or the reader, sets the pace, and it grows. Wider than
 * the path needs it would only be a queue in which a keystroke waits (measured on loopback beside a bulk stream: a
 * fixed 1 MiB costs 3.5 ms, 512 KiB half of that at the same rate).
 */
const GROW_WITHIN_RTTS = 0.65;
/** While the round trip is unknown, ms. */
const GROW_WITHIN_MS = 100;

/**
 * Receive window of one stream. Credit is granted as the reader consumes, once half a window is free (fewer
 * frames), and the window doubles, up to its cap, while the reader keeps up (as yamux and HTTP/2 peers do).
 */
export class ReceiveWindow {
  /** Bytes the peer may still send. */
  private open: number;
  private size: number;
  private consumedBytes = 0;
  private grantedAt: number;
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
    this.grantedAt = clock.now();
  }

  /** False: the peer sent more than it had credit for. */
  take(bytes: number): boolean {
    this.open -= bytes;
    return this.open >= 0;
  }

  /** The reader got rid of `bytes`; returns the credit to grant now, mostly 0. */
  consume(bytes: number): number {
    this.consumedBytes += bytes;
    if (this.consumedBytes < this.size >>> 1) return 0;
    let credit = this.consumedBytes;
    if (this.size < this.cap) {
      const now = this.clock.now();
      const took = now - this.grantedAt;
      const within = this.growWithin();
      if (took < within) {
        // Used up so soon that twice would not do either.
        const factor = took < within / 2 ? 4 : 2;
        const grown = Math.min(this.cap, this.size * factor);
        credit += grown - this.size;
        this.size = grown;
      }
      this.grantedAt = now;
    }
    this.consumedBytes = 0;
    this.open += credit;
    return credit;
  }

  private growWithin(): number {
    const rtt = this.rttMs();
    return rtt === undefined ? GROW_WITHIN_MS : rtt * GROW_WITHIN_RTTS;
  }
}
