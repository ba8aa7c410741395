import type { Clock } from '../base/clock.ts';

/** A bucket never holds more than this many milliseconds of its rate, nor less than one quantum. */
const BURST_MS = 100;
const MIN_BURST = 16 << 10;

/** Token bucket over bytes. May go into debt by one take, which is paid back before the next. */
export class TokenBucket {
  private readonly rate: number;
  private readonly burst: number;
  private readonly clock: Clock;
  private tokens: number;
  private at: number;

  /** `rate`: bytes per second. */
  constructor(rate: number, clock: Clock) {
    this.rate = rate;
    this.burst = Math.max(MIN_BURST, (rate * BURST_MS) / 1000);
    this.clock = clock;
    this.tokens = this.burst;
    this.at = clock.now();
  }

  /** Bytes that may go now; 0 or less = wait. */
  available(): number {
    const now = this.clock.now();
    this.tokens = Math.min(this.burst, this.tokens + ((now - this.at) * this.rate) / 1000);
    this.at = now;
    return Math.floor(this.tokens);
  }

  take(bytes: number): void {
    this.tokens -= bytes;
  }

  /** Milliseconds until something is available again. */
  waitMs(): number {
    return Math.max(1, Math.ceil(((1024 - this.tokens) * 1000) / this.rate));
  }
}
