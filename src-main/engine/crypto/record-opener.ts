import { createDecipheriv, type DecipherGCM } from 'node:crypto';
import { slabs } from '../base/slabs.ts';
import { nativeOpenSsl } from './native.ts';
import type { NativeOpening } from './native-gcm.ts';
import type { OpenSsl } from './openssl.ts';
import { CIPHER_STEP, MAX_RECORD_PLAIN, RECORD_HEADER, RECORD_TAG, type RecordKind } from './record.ts';
import { type ConvertBlock, DirectionKeys, writeNonce } from './record-keys.ts';

const GCM_OPTIONS = { authTagLength: RECORD_TAG } as const;

export interface RecordHeader {
  readonly kind: RecordKind;
  readonly seq: number;
  /** Plaintext length, bytes. */
  readonly length: number;
  /** The header in plaintext: the AAD. Valid until the next header is read. */
  readonly plain: Buffer;
}

/** A record's body on its way. */
export interface Opening {
  /** Adds the text of the next bytes to `pieces`, where it must stay until `verify` said yes (I3). */
  update(sealed: Buffer, pieces: Buffer[]): void;
  verify(tag: Buffer): boolean;
}

class NodeOpening implements Opening {
  private readonly decipher: DecipherGCM;

  constructor(decipher: DecipherGCM) {
    this.decipher = decipher;
  }

  update(sealed: Buffer, pieces: Buffer[]): void {
    for (let at = 0; at < sealed.length; at += CIPHER_STEP) {
      pieces.push(this.decipher.update(sealed.subarray(at, at + CIPHER_STEP)));
    }
  }

  verify(tag: Buffer): boolean {
    this.decipher.setAuthTag(tag);
    try {
      this.decipher.final();
      return true;
    } catch {
      return false;
    }
  }
}

class SlabOpening implements Opening {
  private readonly native: NativeOpening;

  constructor(native: NativeOpening) {
    this.native = native;
  }

  update(sealed: Buffer, pieces: Buffer[]): void {
    for (let at = 0; at < sealed.length; ) {
      const out = slabs.room(sealed.length - at);
      const bytes = Math.min(out.length, sealed.length - at);
      this.native.update(sealed.subarray(at, at + bytes), out);
      pieces.push(out.subarray(0, bytes));
      at += bytes;
    }
  }

  verify(tag: Buffer): boolean {
    return this.native.verify(tag);
  }
}

/** Opens the records of one direction. */
export class RecordOpener {
  private readonly keys: DirectionKeys;
  private readonly openHeader: ConvertBlock;
  private readonly nonce = Buffer.alloc(12);
  private readonly plainHeader = Buffer.alloc(RECORD_HEADER);

  /** `openssl`: what does it; null: node:crypto. */
  constructor(secret: Buffer, openssl: OpenSsl | null = nativeOpenSsl()) {
    this.keys = new DirectionKeys(secret, openssl);
    this.openHeader = this.keys.headers('decrypt');
  }

  /** Of the 16 bytes at `at`. Undefined when they are no header of this direction: whoever sent them does not have the key. */
  header(block: Buffer, at = 0): RecordHeader | undefined {
    const plain = this.plainHeader;
    this.openHeader(block, plain, at);
    const high = plain.readUInt32BE(0);
    const word = plain.readUInt32BE(8);
    const kind = word & 0xff;
    const length = word >>> 8;
    if (plain.readUInt32BE(12) !== 0 || kind > 1 || length > MAX_RECORD_PLAIN || high >= 0x20_0000)
      return undefined;
    return { kind: kind as RecordKind, length, plain, seq: high * 0x1_0000_0000 + plain.readUInt32BE(4) };
  }

  /**
   * The plaintext of a record of at most SMALL_GCM_BYTES whose ciphertext and tag stand in `sealed` from `at` on.
   * Undefined: it does not verify.
   */
  openSmall(header: RecordHeader, sealed: Buffer, at: number): Buffer | undefined {
    writeNonce(this.nonce, header.kind, header.seq);
    const keys = this.keys.of(header.kind, header.seq);
    if (keys.native === undefined) {
      return keys.small.open(this.nonce, header.plain, sealed, at, header.length);
    }
    const end = at + header.length;
    const out = Buffer.allocUnsafe(header.length);
    const opening = keys.native.open(this.nonce, header.plain);
    opening.update(sealed.subarray(at, end), out);
    return opening.verify(sealed.subarray(end, end + RECORD_TAG)) ? out : undefined;
  }

  /** Begins the body of a record. */
  begin(header: RecordHeader): Opening {
    writeNonce(this.nonce, header.kind, header.seq);
    const keys = this.keys.of(header.kind, header.seq);
    if (keys.native !== undefined) return new SlabOpening(keys.native.open(this.nonce, header.plain));
    const decipher = createDecipheriv('aes-256-gcm', keys.key, this.nonce, GCM_OPTIONS);
    decipher.setAAD(header.plain);
    return new NodeOpening(decipher);
  }
}
