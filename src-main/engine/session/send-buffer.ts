import type { SealedRecord } from '../crypto/record.ts';
import type { AckState } from '../wire/control.ts';

interface Entry {
  readonly record: SealedRecord;
  /** The carrier it was last handed to; undefined = waits to be sent again. */
  carrier: object | undefined;
  acked: boolean;
}

/** What a record costs beside its bytes (objects, buffer heads), so that many small ones stay within the cap too. */
const RECORD_COST = 256;
/** Trimmed entries are cut off the array in runs of this many, so that trimming is O(1) amortised. */
const COMPACT_AT = 1024;

/**
 * Sealed reliable records that the peer has not acknowledged, in order of number. The same bytes are sent again
 * when the carrier they left on is lost (I2).
 */
export class SendBuffer {
  /** Number of the next record. */
  nextSeq = 0;
  /** The peer has delivered all below this number. */
  ackedBelow = 0;
  /** Bytes held, with a fixed cost per record. */
  bytes = 0;
  /**
   * The same of all records from the oldest unacknowledged one on. What the peer has acknowledged beyond a gap it can
   * not deliver yet, and holds: that has to fit there.
   */
  span = 0;
  /** Bytes sent more than once, ever. */
  resentBytes = 0;
  private entries: Entry[] = [];
  private head = 0;
  /** Index from which an entry without a carrier may be found. */
  private resendFrom = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.entries.length - this.head;
  }

  /** Whether anything waits to be sent again. */
  get hasResend(): boolean {
    return this.resendFrom < this.entries.length;
  }

  push(record: SealedRecord, carrier: object): void {
    if (record.seq !== this.nextSeq) throw new RangeError(`record ${record.seq} is not ${this.nextSeq}`);
    this.nextSeq++;
    this.entries.push({ record, carrier, acked: false });
    this.bytes += record.bytes + RECORD_COST;
    this.span += record.bytes + RECORD_COST;
  }

  /** Marks what left on `carrier` for sending again. */
  lost(carrier: object): void {
    for (let i = this.head; i < this.entries.length; i++) {
      const entry = this.entries[i];
      if (entry.acked || entry.carrier !== carrier) continue;
      entry.carrier = undefined;
      this.resendFrom = Math.min(this.resendFrom, i);
    }
  }

  /** Takes the oldest record that waits to be sent again; it counts as sent on `carrier`. */
  nextResend(carrier: object): SealedRecord | undefined {
    for (let i = Math.max(this.resendFrom, this.head); i < this.entries.length; i++) {
      const entry = this.entries[i];
      if (entry.acked || entry.carrier !== undefined) continue;
      entry.carrier = carrier;
      this.resendFrom = i + 1;
      this.resentBytes += entry.record.bytes;
      return entry.record;
    }
    this.resendFrom = Number.POSITIVE_INFINITY;
    return undefined;
  }

  /** Drops what the peer has; returns the bytes of records freed. An ACK of a number never sent is false. */
  ack(state: AckState): number | false {
    const top = state.ranges.length > 0 ? state.ranges[state.ranges.length - 1][1] : state.next;
    if (state.next > this.nextSeq || top > this.nextSeq) return false;
    this.ackedBelow = Math.max(this.ackedBelow, state.next);
    let freed = 0;
    const base = this.nextSeq - this.entries.length;
    for (const [from, to] of state.ranges) {
      for (let i = Math.max(from - base, this.head); i < to - base; i++) freed += this.free(this.entries[i]);
    }
    while (this.head < this.entries.length) {
      const entry = this.entries[this.head];
      if (!entry.acked && entry.record.seq >= state.next) break;
      freed += this.free(entry);
      this.span -= entry.record.bytes + RECORD_COST;
      this.head++;
    }
    if (this.head >= COMPACT_AT || this.head === this.entries.length) this.compact();
    return freed;
  }

  /** Records that left ahead of others and are not known to have arrived, in order. */
  earlyOnes(): SealedRecord[] {
    const waiting = this.entries.slice(this.head).filter(({ acked, record }) => !acked && record.urgent);
    return waiting.map(({ record }) => record);
  }

  clear(): void {
    this.entries = [];
    this.head = 0;
    this.bytes = 0;
    this.span = 0;
    this.resendFrom = Number.POSITIVE_INFINITY;
  }

  private free(entry: Entry): number {
    if (entry.acked) return 0;
    entry.acked = true;
    this.bytes -= entry.record.bytes + RECORD_COST;
    entry.record.retire();
    return entry.record.bytes;
  }

  private compact(): void {
    this.entries.splice(0, this.head);
    if (this.resendFrom !== Number.POSITIVE_INFINITY)
      this.resendFrom = Math.max(0, this.resendFrom - this.head);
    this.head = 0;
  }
}
