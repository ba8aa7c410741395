import type { CarrierRecord } from '../../src-main/engine/carrier/carrier.ts';

/** A record as carriers see it, and what became of it. */
export interface TestRecord extends CarrierRecord {
  retired: boolean;
  handed: number;
  done: number;
}

/** `bytes` times the number. */
export function recordOf(seq: number, bytes: number, reliable = true): TestRecord {
  return {
    seq,
    parts: [Buffer.alloc(bytes, seq)],
    bytes,
    reliable,
    retired: false,
    handed: 0,
    done: 0,
    handedOver() {
      this.handed++;
    },
    written() {
      this.done++;
    },
  };
}
