import type { Clock } from '../../base/clock.ts';
import { MAX_HOLD_MS } from './limits.ts';

const START_MS = 8_000;
const MIN_MS = 1_500;
const GROWTH = 1.5;
/** Distance kept from where the path cuts. */
const MARGIN = 0.8;
/** What was learnt about a cut is tried again after this: the network may be another. */
const FORGET_MS = 10 * 60_000;

/** Learns for how long a path lets a request wait for its answer. */
export class HoldLearner {
  /** How long the server may keep the next request, ms. */
  ms: number;
  /** Where the path cut last, ms; undefined = nowhere so far. */
  cutAtMs: number | undefined;
  private readonly clock: Clock;
  private cutKnownAt = 0;

  /** `ms` and `cutAtMs` of an earlier carrier on this path. */
  constructor(clock: Clock, ms = START_MS, cutAtMs?: number) {
    this.clock = clock;
    this.ms = Math.max(MIN_MS, Math.min(MAX_HOLD_MS, ms));
    this.cutAtMs = cutAtMs;
    this.cutKnownAt = clock.now();
  }

  /** A request was kept for `heldMs`, asked for with `askedMs`, and answered. */
  held(heldMs: number, askedMs: number): void {
    if (heldMs < askedMs * 0.9 || askedMs < this.ms) return;
    if (this.clock.now() - this.cutKnownAt > FORGET_MS) this.cutAtMs = undefined;
    const ceiling = this.cutAtMs === undefined ? MAX_HOLD_MS : this.cutAtMs * MARGIN;
    this.ms = Math.round(Math.max(MIN_MS, Math.min(this.ms * GROWTH, ceiling, MAX_HOLD_MS)));
  }

  /** A waiting request was cut after `waitedMs`. Shorter waits say nothing: the path just failed. */
  cut(waitedMs: number): void {
    if (waitedMs < MIN_MS) return;
    this.cutAtMs = waitedMs;
    this.cutKnownAt = this.clock.now();
    this.ms = Math.round(Math.max(MIN_MS, Math.min(this.ms, waitedMs * MARGIN)));
  }
}
