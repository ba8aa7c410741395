import type { CarrierRecord } from '../carrier.ts';

/** Acknowledged records are dropped from the list in runs of at least this many. */
const PRUNE_AT = 64;

/**
 * What left in a streamed body and is not known to have arrived. Such a body is answered, or its end seen, long after
 * its beginning: acknowledgements tell what arrived, and whether it still moves.
 */
export class StreamLedger {
  /** Bytes of all records so far. */
  bytes = 0;
  private records: CarrierRecord[] = [];
  private pruneAt = PRUNE_AT;
  /** The oldest that waits, as of the last look, and since when it has been the oldest. */
  private oldest: CarrierRecord | undefined;
  private since = 0;

  /** Control records are not kept: the session does without any of them. */
  add(records: readonly CarrierRecord[]): void {
    for (const record of records) {
      this.bytes += record.bytes;
      if (record.reliable) this.records.push(record);
    }
    if (this.records.length >= this.pruneAt) this.prune();
  }

  /** How long nothing of it has been acknowledged although something waits, ms. To be called now and then. */
  stalledMs(now: number): number {
    this.prune();
    const oldest = this.records[0];
    if (oldest !== this.oldest) {
      this.oldest = oldest;
      this.since = now;
    }
    return oldest === undefined ? 0 : now - this.since;
  }

  /** Of what is not acknowledged. */
  get waitingBytes(): number {
    this.prune();
    return this.records.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Takes out what has to be sent again, made ready for that. */
  takeLost(): CarrierRecord[] {
    this.prune();
    const lost = this.records;
    this.records = [];
    for (const record of lost) record.handedOver();
    return lost;
  }

  private prune(): void {
    this.records = this.records.filter((record) => !record.retired);
    this.pruneAt = Math.max(PRUNE_AT, 2 * this.records.length);
  }
}
