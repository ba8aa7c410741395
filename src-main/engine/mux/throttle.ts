import type { Clock, Timer } from '../base/clock.ts';

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

/** Longest wait for tokens, ms: a rate below a byte a millisecond is looked at now and then. */
const MAX_WAIT_MS = 1000;

/** A session's limit (`-T`): one bucket for what is sent, one for what the peer is let send. */
export class Throttle {
  readonly send: TokenBucket | undefined;
  readonly credit: TokenBucket | undefined;
  private readonly clock: Clock;
  private readonly wake: () => void;
  private timer: Timer | undefined;
  private dueAt = 0;

  /** `rate`: bytes per second each way, 0 = none. `wake`: there may be tokens again, after one of the waits. */
  constructor(rate: number, clock: Clock, wake: () => void) {
    this.clock = clock;
    this.wake = wake;
    if (rate <= 0) return;
    this.send = new TokenBucket(rate, clock);
    this.credit = new TokenBucket(rate, clock);
  }

  /** Bytes that may be sent now. */
  get budget(): number {
    return this.send?.available() ?? Number.MAX_SAFE_INTEGER;
  }

  readonly waitToSend = (): void => this.waitFor(this.send);
  readonly waitToGrant = (): void => this.waitFor(this.credit);

  /** Each bucket is waited for by itself: credit goes far into debt at once, and what is sent must not pay for it. */
  private waitFor(bucket: TokenBucket | undefined): void {
    const ms = Math.min(bucket?.waitMs() ?? 0, MAX_WAIT_MS);
    const dueAt = this.clock.now() + ms;
    if (this.timer !== undefined && this.dueAt <= dueAt) return;
    this.timer?.cancel();
    this.dueAt = dueAt;
    this.timer = this.clock.after(ms, () => {
      this.timer = undefined;
      this.wake();
    });
  }

  stop(): void {
    this.timer?.cancel();
  }
}
