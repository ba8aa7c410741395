import type { Clock } from '../base/clock.ts';

/** A window that was used up faster than this many round trips holds the sender back: it grows. */
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

  constructor(initial: number, cap: number, clock: Clock) {
    this.open = initial;
    this.size = initial;
    this.cap = cap;
    this.clock = clock;
    this.grantedAt = 0;
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
      if (this.grantedAt !== 0 && now - this.grantedAt < GROW_WITHIN_MS) {
        const grown = Math.min(this.cap, this.size * 2);
        credit += grown - this.size;
        this.size = grown;
      }
      this.grantedAt = now;
    }
    this.consumedBytes = 0;
    this.open += credit;
    return credit;
  }
}
