import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { clockOffset } from './server-answer.ts';

/** A correction that differs less than this from the one in use is none, ms. */
const STEP_MS = 3000;
/** Between two corrections: answers from several machines may differ for ever, ms. */
const PAUSE_MS = 10_000;

/** How far this machine's clock is off, learnt from the `Date` of the server's answers. */
export class ClockOffset {
  /** To be added to the local clock. */
  ms = 0;
  /** The last one seen; undefined = no answer said a time yet. */
  known: number | undefined;
  private learntAt = Number.NEGATIVE_INFINITY;
  private readonly clock: Clock;
  private readonly skewMs: number;
  private readonly log: Logger;

  constructor(clock: Clock, skewMs: number, log: Logger) {
    this.clock = clock;
    this.skewMs = skewMs;
    this.log = log;
  }

  /** True when another try is worth it, as the clock was off by more than what is corrected for. */
  learn(date: number | undefined): boolean {
    const offset = clockOffset(date, this.clock.wall());
    if (offset === undefined) return false;
    this.known = offset;
    const now = this.clock.now();
    if (Math.abs(offset - this.ms) <= STEP_MS || now - this.learntAt < PAUSE_MS) return false;
    this.learntAt = now;
    this.ms = offset;
    if (Math.abs(offset) > this.skewMs / 2) {
      const minutes = Math.round(Math.abs(offset) / 60_000);
      this.log.warn(
        `this computer's clock is ${minutes} minutes ${offset > 0 ? 'behind' : 'ahead of'} the server's; ` +
          'going by the server (set the clock to make this go away)',
      );
    }
    return true;
  }
}
