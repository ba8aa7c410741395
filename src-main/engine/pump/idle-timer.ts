import type { Clock, Timer } from '../base/clock.ts';

/** Calls once, when `touch` was not called for `ms`. A touch costs no timer. */
export class IdleTimer {
  private readonly ms: number;
  private readonly clock: Clock;
  private readonly onIdle: () => void;
  private touched: number;
  private timer: Timer;

  constructor(ms: number, clock: Clock, onIdle: () => void) {
    this.ms = ms;
    this.clock = clock;
    this.onIdle = onIdle;
    this.touched = clock.now();
    this.timer = clock.after(ms, () => this.look());
  }

  /** When something last moved, in the clock's time. */
  get lastMs(): number {
    return this.touched;
  }

  touch(): void {
    this.touched = this.clock.now();
  }

  stop(): void {
    this.timer.cancel();
  }

  private look(): void {
    const left = this.touched + this.ms - this.clock.now();
    if (left <= 0) this.onIdle();
    else this.timer = this.clock.after(left, () => this.look());
  }
}
