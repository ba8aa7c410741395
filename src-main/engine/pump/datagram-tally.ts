import type { DatagramCounters } from '../mux/types.ts';

/** Counts datagrams, and counts them in a total as well. */
export class DatagramTally {
  readonly counters: DatagramCounters = { sent: 0, received: 0, dropped: 0 };
  private readonly total: DatagramTally | undefined;

  constructor(total?: DatagramTally) {
    this.total = total;
  }

  count(what: keyof DatagramCounters, by = 1): void {
    this.counters[what] += by;
    this.total?.count(what, by);
  }
}
