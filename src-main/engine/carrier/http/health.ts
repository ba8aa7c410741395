import type { CulvertError } from '../../base/errors.ts';

/** A carrier ends after this many failures in a row, */
const DEAD_AFTER = 4;
/** ... if they lasted this long, ms: a short interruption is bridged, a long one lets the session move. */
const DEAD_MS = 3_000;
const DELAYS_MS = [0, 0, 50, 100, 200, 250];
/** A gateway may ask for this much patience, ms. */
const MAX_RETRY_AFTER_MS = 10_000;

/** Counts failures in a row and decides when to try again, and when to give up. */
export class PathHealth {
  failures = 0;
  /** Nothing is sent before this. */
  pausedUntil = 0;
  last: CulvertError | undefined;
  private since = 0;
  /** Time of the last failure. */
  lastAt = Number.NEGATIVE_INFINITY;

  good(): void {
    this.failures = 0;
    this.last = undefined;
    this.pausedUntil = 0;
    this.lastAt = Number.NEGATIVE_INFINITY;
  }

  /** A request sent at `sentAt` failed. Several sent before the last failure are one failure. */
  failed(error: CulvertError, now: number, sentAt: number, retryAfterMs = 0): void {
    if (this.failures > 0 && sentAt < this.lastAt) return;
    if (this.failures === 0) this.since = now;
    this.failures++;
    this.last = error;
    this.lastAt = now;
    const asked = Math.min(retryAfterMs, MAX_RETRY_AFTER_MS);
    this.pausedUntil = now + Math.max(DELAYS_MS[Math.min(this.failures, DELAYS_MS.length - 1)], asked);
    // Being asked to wait is no sign of death.
    if (asked > 0) this.since += asked;
  }

  /** Only one request at a time tries whether the path is back. */
  get doubtful(): boolean {
    return this.failures >= 2;
  }

  isDead(now: number): boolean {
    return this.failures >= DEAD_AFTER && now - this.since >= DEAD_MS;
  }
}
