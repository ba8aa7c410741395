import type { RandomBytes } from '../base/clock.ts';
import type { CarrierRecord } from '../carrier/carrier.ts';
import { RECORD_KIND, type RecordSealer } from '../crypto/record.ts';
import { type Control, encodeControl } from '../wire/control.ts';
import { randomPadding } from './client-flight.ts';

/** Seals a session's control records, which have numbers of their own and are never sent twice (I2). */
export class ControlSealer {
  private readonly sealer: RecordSealer;
  private readonly random: RandomBytes;
  private seq = 0;

  constructor(sealer: RecordSealer, random: RandomBytes) {
    this.sealer = sealer;
    this.random = random;
  }

  /** One that travels among other records. */
  record(control: Control): CarrierRecord {
    const plain = encodeControl(control);
    return this.sealer.seal(RECORD_KIND.control, this.seq++, [plain], plain.length);
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
