import type { Clock } from '../base/clock.ts';

/** What is no longer than this may be a keystroke, a query, its answer; bytes. */
export const SMALL_MESSAGE = 2 << 10;
/** So many in a row on one stream, either way and with nothing large between, are an exchange, not the rest of bulk. */
export const EXCHANGE_RUN = 8;
/** With one more small message it is such a run. */
const LONG_ENOUGH = EXCHANGE_RUN - 1;
/** How long after its last message somebody still counts as waiting for the next one, ms. */
export const EXCHANGE_MS = 1000;

/**
 * Whether somebody exchanges small messages beside whatever else a session carries. Then bulk holds back: wide windows
 * and long reads make it faster by half on a short path, and each message wait behind them for milliseconds.
 */
export class Exchanges {
  private readonly clock: Clock;
  private readonly tell: (goesOn: boolean) => void;
  private at = Number.NEGATIVE_INFINITY;
  /** Streams whose run is long enough. */
  private streams = 0;

  /** `tell`: one more message of an exchange (true), or the last one is over (false). */
  constructor(clock: Clock, tell: (goesOn: boolean) => void = () => {}) {
    this.clock = clock;
    this.tell = tell;
  }

  get isActive(): boolean {
    return this.clock.now() - this.at < EXCHANGE_MS;
  }

  /** A stream sent or got `bytes` after `run` small messages; returns the run's length from now on. */
  note(run: number, bytes: number): number {
    if (bytes > SMALL_MESSAGE) {
      if (run === LONG_ENOUGH) this.streams--;
      return 0;
    }
    if (run < LONG_ENOUGH) {
      if (run + 1 === LONG_ENOUGH) this.streams++;
      return run + 1;
    }
    this.at = this.clock.now();
    this.tell(true);
    return run;
  }

  /** A stream whose last run was so long is gone. Nobody waits for the next message of an exchange that ended so. */
  closed(run: number): void {
    if (run < LONG_ENOUGH || --this.streams > 0 || !this.isActive) return;
    this.at = Number.NEGATIVE_INFINITY;
    this.tell(false);
  }
}
