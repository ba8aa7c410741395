import type { CarrierRecord } from '../carrier.ts';

/** Records are cut off the array in runs of this many. */
const COMPACT_AT = 256;

/** Records that wait for a message to take them. */
export class Outbox {
  /** Of all that waits. */
  bytes = 0;
  private records: CarrierRecord[] = [];
  private head = 0;

  get isEmpty(): boolean {
    return this.head === this.records.length;
  }

  /** Of the first record. */
  get firstBytes(): number {
    return this.records[this.head]?.bytes ?? 0;
  }

  put(records: readonly CarrierRecord[]): void {
    for (const record of records) {
      this.records.push(record);
      this.bytes += record.bytes;
    }
  }

  /** What did not arrive goes first. */
  putBack(records: readonly CarrierRecord[]): void {
    if (records.length === 0) return;
    this.records = [...records, ...this.records.slice(this.head)];
    this.head = 0;
    for (const record of records) this.bytes += record.bytes;
  }

  /** The next records, together at most `limit` bytes, but at least one record. */
  take(limit: number): { records: CarrierRecord[]; bytes: number } {
    const taken: CarrierRecord[] = [];
    let bytes = 0;
    while (this.head < this.records.length) {
      const next = this.records[this.head];
      if (taken.length > 0 && bytes + next.bytes > limit) break;
      taken.push(next);
      bytes += next.bytes;
      this.head++;
    }
    this.bytes -= bytes;
    if (this.head >= COMPACT_AT || this.isEmpty) {
      this.records.splice(0, this.head);
      this.head = 0;
    }
    return { records: taken, bytes };
  }

  clear(): void {
    this.records = [];
    this.head = 0;
    this.bytes = 0;
  }
}

/** The records' bytes, in order. */
export function partsOf(records: readonly CarrierRecord[]): Buffer[] {
  const parts: Buffer[] = [];
  for (const record of records) for (const part of record.parts) parts.push(part);
  return parts;
}
