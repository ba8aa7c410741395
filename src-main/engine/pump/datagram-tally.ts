import type { DatagramCounters } from '../mux/types.ts';

/** Counts datagrams, and counts them in a total as well. */
export class DatagramTally {
  readonly counters: DatagramCounters = {
    sent: 0,
    received: 0,
    dropped: 0,
    sentBytes: 0,
    receivedBytes: 0,
  };
  private readonly total: DatagramTally | undefined;

  constructor(total?: DatagramTally) {
    this.total = total;
  }

  sent(payload: number): void {
    this.counters.sent++;
    this.counters.sentBytes += payload;
    this.total?.sent(payload);
  }

  received(payload: number): void {
    this.counters.received++;
    this.counters.receivedBytes += payload;
    this.total?.received(payload);
  }

  dropped(count = 1): void {
    this.counters.dropped += count;
    this.total?.dropped(count);
  }
}
