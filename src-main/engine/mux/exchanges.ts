import type { Clock } from '../base/clock.ts';

/** What is no longer than this may be a keystroke, a query, its answer; bytes. */
export const SMALL_MESSAGE = 2 << 10;
/** So many in a row on one stream, either way and with nothing large between, are an exchange, not the rest of bulk. */
export const EXCHANGE_RUN = 8;
/** How long after its last message somebody still counts as waiting for the next one, ms. */
export const EXCHANGE_MS = 1000;

/**
 * Whether somebody exchanges small messages beside whatever else a session carries. Then bulk holds back: wide windows
 * and long reads make it faster by half on a short path, and each message wait behind them for milliseconds.
 */
export class Exchanges {
  private readonly clock: Clock;
  private readonly onMessage: () => void;
  private at = Number.NEGATIVE_INFINITY;

  /** `onMessage`: one more message of an exchange. */
  constructor(clock: Clock, onMessage: () => void = () => {}) {
    this.clock = clock;
    this.onMessage = onMessage;
  }

  get isActive(): boolean {
    return this.clock.now() - this.at < EXCHANGE_MS;
  }

  /** A stream sent or got `bytes` after `run` small messages; returns the run's length from now on. */
  note(run: number, bytes: number): number {
    if (bytes > SMALL_MESSAGE) return 0;
    if (run < EXCHANGE_RUN - 1) return run + 1;
    this.at = this.clock.now();
    this.onMessage();
    return run;
  }
}
