import type { Clock, Timer } from '../../src-main/engine/base/clock.ts';

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void;
  cancelled: boolean;
}

/** Time that stands still until told to go on; timers run in the order of their time, then of their making. */
export class FakeClock implements Clock {
  /** Of the wall clock at time 0, ms since the Unix epoch. */
  epoch = 1_700_000_000_000;
  private time = 1000;
  private made = 0;
  private live = 0;
  /** A binary heap: scenarios have tens of thousands of timers. */
  private readonly heap: Entry[] = [];

  now(): number {
    return this.time;
  }

  wall(): number {
    return this.epoch + this.time;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.live;
  }

  after(ms: number, fn: () => void): Timer {
    const entry: Entry = { at: this.time + Math.max(0, ms), order: this.made++, fn, cancelled: false };
    this.insert(entry);
    this.live++;
    return {
      cancel: () => {
        if (entry.cancelled) return;
        entry.cancelled = true;
        this.live--;
      },
    };
  }

  /** Goes on by `ms`, running what falls due, also what that sets up within the time. */
  advance(ms: number): void {
    const until = this.time + ms;
    while (this.runNext(until));
    this.time = until;
  }

  /** Runs the next timer, if one is due by `until`. False when none is. */
  runNext(until = Number.POSITIVE_INFINITY): boolean {
    for (let entry = this.heap[0]; entry !== undefined && entry.at <= until; entry = this.heap[0]) {
      this.remove();
      if (entry.cancelled) continue;
      entry.cancelled = true;
      this.live--;
      this.time = Math.max(this.time, entry.at);
      entry.fn();
      return true;
    }
    return false;
  }

  /** Runs timers until `done` holds. Throws when it does not within `limitMs` of the clock's own time. */
  runUntil(done: () => boolean, limitMs = 3_600_000): void {
    const until = this.time + limitMs;
    while (!done()) {
      if (!this.runNext(until)) throw new Error(`nothing more happens within ${limitMs} ms of fake time`);
    }
  }

  private before(a: Entry, b: Entry): boolean {
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  private insert(entry: Entry): void {
    const { heap } = this;
    let i = heap.length;
    heap.push(entry);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.before(entry, heap[parent])) break;
      heap[i] = heap[parent];
      i = parent;
    }
    heap[i] = entry;
  }

  private remove(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.before(heap[child + 1], heap[child])) child++;
      if (!this.before(heap[child], last)) break;
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = last;
  }
}
