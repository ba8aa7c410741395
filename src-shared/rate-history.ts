import type { GraphWindow } from './settings.ts';
import { HISTORY, type History } from './stats.ts';

/**
 * The points of one graph, kept by the host for each scope and by the page for the graph it shows. A ring over
 * steps of time: rates that fall into one step are averaged, steps in which nothing came are gaps (NaN inside).
 *
 * ```
 * step of time   … 97   98   99  100  101 …      slot = step % points
 *                     mean  gap mean  (open)     the newest step may still take rates
 * ```
 */
export class RateHistory {
  readonly stepMs: number;
  readonly points: number;
  private readonly up: Float64Array;
  private readonly down: Float64Array;
  /** The newest step; -1 before the first rate. */
  private newest = -1;
  /** How many rates the newest step has. */
  private count = 0;

  constructor(window: GraphWindow) {
    const { stepMs, points } = HISTORY[window];
    this.stepMs = stepMs;
    this.points = points;
    this.up = new Float64Array(points).fill(Number.NaN);
    this.down = new Float64Array(points).fill(Number.NaN);
  }

  /** Rates measured at `at` (ms). What is older than the newest step is dropped: the clock was set back. */
  push(at: number, up: number, down: number): void {
    const step = Math.floor(at / this.stepMs);
    // A clock that was set back by more than the window would leave the graph still for that long: begin anew.
    if (step <= this.newest - this.points) this.clear();
    if (step < this.newest) return;
    if (step > this.newest) this.advance(step);
    const slot = step % this.points;
    this.count++;
    // The running mean needs no sum that could lose digits.
    this.up[slot] = this.count === 1 ? up : this.up[slot] + (up - this.up[slot]) / this.count;
    this.down[slot] = this.count === 1 ? down : this.down[slot] + (down - this.down[slot]) / this.count;
  }

  clear(): void {
    this.up.fill(Number.NaN);
    this.down.fill(Number.NaN);
    this.newest = -1;
    this.count = 0;
  }

  /** The window that ends with the step of `now`, gaps up to it included. */
  read(now: number): History {
    const last = Math.floor(now / this.stepMs);
    const first = Math.max(0, last - this.points + 1);
    const up: Array<number | null> = [];
    const down: Array<number | null> = [];
    for (let step = first; step <= last; step++) {
      const there = step <= this.newest && step > this.newest - this.points;
      const slot = step % this.points;
      up.push(there && !Number.isNaN(this.up[slot]) ? this.up[slot] : null);
      down.push(there && !Number.isNaN(this.down[slot]) ? this.down[slot] : null);
    }
    return { start: first * this.stepMs, stepMs: this.stepMs, up, down };
  }

  /** Takes over what a host sent, so that a graph begins full. Steps of another size are not taken. */
  load(history: History): void {
    this.clear();
    if (history.stepMs !== this.stepMs) return;
    for (const [index, up] of history.up.entries()) {
      const down = history.down[index];
      if (up !== null && down !== null) this.push(history.start + index * this.stepMs, up, down);
    }
  }

  private advance(step: number): void {
    const from = this.newest < 0 ? step : Math.max(this.newest + 1, step - this.points + 1);
    for (let gap = from; gap < step; gap++) {
      this.up[gap % this.points] = Number.NaN;
      this.down[gap % this.points] = Number.NaN;
    }
    this.newest = step;
    this.count = 0;
  }
}
