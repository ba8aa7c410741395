import type { RandomBytes } from '../base/clock.ts';
import type { CarrierRecord } from '../carrier/carrier.ts';
import { RECORD_KIND } from '../crypto/record.ts';
import type { RecordSealer } from '../crypto/record-sealer.ts';
import { type Control, encodeControl } from '../wire/control.ts';
import { randomPadding } from './client-flight.ts';

/** Seals a session's control records, which have numbers of their own and are never sent twice (I2). */
export class ControlSealer {
  private readonly sealer: RecordSealer;
  private readonly random: RandomBytes;
  private readonly early: boolean;
  private seq = 0;

  /** `early`: the peer takes what overtakes. */
  constructor(sealer: RecordSealer, random: RandomBytes, early: boolean) {
    this.sealer = sealer;
    this.random = random;
    this.early = early;
  }

  /** One that travels among other records. */
  record(control: Control): CarrierRecord {
    const plain = encodeControl(control);
    const record = this.sealer.seal(RECORD_KIND.control, this.seq++, [plain], plain.length);
    record.urgent = this.early && mayOvertake(control);
    return record;
  }

  /** One that stands where its length would tell what it is: padded at random, in one piece, `block` in front. */
  padded(control: Control, block?: Buffer): Buffer {
    const plain = Buffer.concat([encodeControl(control), randomPadding(this.random)]);
    const { parts } = this.sealer.seal(RECORD_KIND.control, this.seq++, [plain], plain.length);
    return block === undefined && parts.length === 1
      ? parts[0]
      : Buffer.concat(block ? [block, ...parts] : parts);
  }
}

/** Complete in itself, and true whatever came before. Not so CLOSE, the last of all, and a carrier's own. */
function mayOvertake({ type }: Control): boolean {
  return type === 'ack' || type === 'ping' || type === 'pong';
}
