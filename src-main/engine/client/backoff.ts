import type { RandomBytes } from '../base/clock.ts';

/** Exponential backoff with full jitter on its upper half, so that many clients do not return in step. */
export class Backoff {
  /** Failures since the last success. */
  attempts = 0;
  private readonly minMs: number;
  private readonly maxMs: number;
  private readonly random: RandomBytes;

  constructor(minMs: number, maxMs: number, random: RandomBytes) {
    this.minMs = minMs;
    this.maxMs = maxMs;
    this.random = random;
  }

  /** Delay before the next attempt, ms. */
  next(): number {
    const ceiling = Math.min(this.maxMs, this.minMs * 2 ** Math.min(this.attempts, 30));
    this.attempts++;
    const unit = this.random(4).readUInt32BE(0) / 2 ** 32;
    return Math.round(ceiling / 2 + (ceiling / 2) * unit);
  }

  /** After a success, a wake-up or a change of network. */
  reset(): void {
    this.attempts = 0;
  }
}
