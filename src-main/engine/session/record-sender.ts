import type { Carrier } from '../carrier/carrier.ts';
import { MAX_RECORD_PLAIN, RECORD_KIND, type SealedRecord } from '../crypto/record.ts';
import type { RecordSealer } from '../crypto/record-sealer.ts';
import { MAX_RECORDS_AHEAD, type RecordProgress } from '../wire/early.ts';
import type { RateMeter } from './rate-meter.ts';
import type { SendBuffer } from './send-buffer.ts';
import type { SessionStats, SessionUser } from './types.ts';

/** Plaintext of an early record, but for headers: with these it fits a datagram, and needs no other one. */
const EARLY_RECORD_BYTES = 1000;
/** Share of the send buffer that is kept for early records, and the most of it, bytes. */
const EARLY_SHARE = 1 / 8;
const EARLY_MOST = 128 << 10;

export interface RecordSenderOptions {
  readonly sealer: RecordSealer;
  readonly buffer: SendBuffer;
  readonly rate: RateMeter;
  readonly stats: SessionStats;
  readonly sendBufferBytes: number;
  readonly user: () => SessionUser | undefined;
  readonly active: () => Carrier | undefined;
  readonly transmit: (carrier: Carrier, record: SealedRecord) => void;
}

/** Keeps a carrier busy: what has to leave again first, then new records, as long as there is room for them. */
export class RecordSender {
  /** For the mux: whether its frames may go early, and how far the peer is. */
  readonly progress: RecordProgress = { early: false, below: 0 };
  private readonly options: RecordSenderOptions;

  constructor(options: RecordSenderOptions) {
    this.options = options;
  }

  fill(carrier: Carrier): void {
    const { buffer, stats, active, transmit } = this.options;
    while (active() === carrier) {
      if (carrier.urgentWritable === true && this.sealNext(carrier, true)) continue;
      if (!carrier.writable) return;
      const again = buffer.hasResend ? buffer.nextResend(carrier) : undefined;
      if (again !== undefined) {
        stats.resentBytes += again.bytes;
        transmit(carrier, again);
      } else if (!this.sealNext(carrier, false)) return;
    }
  }

  /** What went ahead and may be lost leaves once more, in the ordinary way: before what ends the session. */
  repeatEarly(carrier: Carrier): void {
    if (!this.progress.early) return;
    for (const record of this.options.buffer.earlyOnes()) {
      record.urgent = false;
      this.options.transmit(carrier, record);
    }
  }

  /** Bytes that may be sent from the oldest unacknowledged record on. The last are for early records: a full buffer must not hold up a keystroke. */
  private limit(early: boolean): number {
    const { sendBufferBytes } = this.options;
    if (early || !this.progress.early) return sendBufferBytes;
    return sendBufferBytes - Math.min(EARLY_MOST, sendBufferBytes * EARLY_SHARE);
  }

  /** Seals what the user has, and sends it. False when there is nothing, or no room. */
  private sealNext(carrier: Carrier, early: boolean): boolean {
    const { buffer, rate, sealer, transmit } = this.options;
    const user = this.options.user();
    if (buffer.span >= this.limit(early) || buffer.size >= MAX_RECORDS_AHEAD) return false;
    const seq = buffer.nextSeq;
    const most = Math.min(rate.recordBytes, carrier.maxRecordBytes ?? MAX_RECORD_PLAIN);
    const plan = early ? user?.pullEarly?.(Math.min(most, EARLY_RECORD_BYTES), seq) : user?.pull(most, seq);
    if (plan === undefined) return false;
    const record = sealer.seal(RECORD_KIND.reliable, seq, plan.parts, plan.length);
    record.urgent = early;
    buffer.push(record, carrier);
    rate.sent();
    transmit(carrier, record);
    return true;
  }
}
