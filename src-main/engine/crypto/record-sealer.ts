import { type CipherGCM, createCipheriv } from 'node:crypto';
import { slabs } from '../base/slabs.ts';
import { nativeOpenSsl } from './native.ts';
import type { NativeGcm } from './native-gcm.ts';
import type { OpenSsl } from './openssl.ts';
import {
  CIPHER_STEP,
  MAX_RECORD_PLAIN,
  RECORD_HEADER,
  RECORD_OVERHEAD,
  RECORD_TAG,
  type RecordKind,
  SealedRecord,
} from './record.ts';
import { type ConvertBlock, DirectionKeys, writeNonce } from './record-keys.ts';
import { SMALL_GCM_BYTES } from './small-gcm.ts';

/**
 * Below this a record is assembled in one buffer: one write costs less than three. Above it the copy would cost
 * more than it saves.
 */
const SMALL = 8 << 10;

const GCM_OPTIONS = { authTagLength: RECORD_TAG } as const;

/** Seals the records of one direction. Numbers come from the caller and must never repeat within a kind. */
export class RecordSealer {
  private readonly keys: DirectionKeys;
  private readonly sealHeader: ConvertBlock;
  private readonly header = Buffer.alloc(RECORD_HEADER);
  private readonly nonce = Buffer.alloc(12);
  private readonly scratch = Buffer.allocUnsafeSlow(SMALL);

  /** `openssl`: what does it; null: node:crypto. */
  constructor(secret: Buffer, openssl: OpenSsl | null = nativeOpenSsl()) {
    this.keys = new DirectionKeys(secret, openssl);
    this.sealHeader = this.keys.headers('encrypt');
  }

  /** Seals `parts` (together `length` bytes). The parts are read, not kept. */
  seal(kind: RecordKind, seq: number, parts: readonly Buffer[], length: number): SealedRecord {
    if (length > MAX_RECORD_PLAIN) throw new RangeError(`record of ${length} bytes`);
    const { header, nonce } = this;
    header.writeUInt32BE(Math.floor(seq / 0x1_0000_0000), 0);
    header.writeUInt32BE(seq >>> 0, 4);
    header.writeUInt32BE(((length << 8) | kind) >>> 0, 8);
    writeNonce(nonce, kind, seq);
    const bytes = length + RECORD_OVERHEAD;
    const keys = this.keys.of(kind, seq);
    if (keys.native !== undefined) {
      return new SealedRecord(kind, seq, this.sealNative(keys.native, parts, length), bytes);
    }
    if (length <= SMALL_GCM_BYTES) {
      const plain = this.join(parts, length);
      const out = Buffer.allocUnsafe(bytes);
      this.sealHeader(header, out);
      keys.small.seal(nonce, header, plain, length, out, RECORD_HEADER);
      return new SealedRecord(kind, seq, [out], bytes);
    }
    const cipher: CipherGCM = createCipheriv('aes-256-gcm', keys.key, nonce, GCM_OPTIONS);
    cipher.setAAD(header);
    if (length <= SMALL) return new SealedRecord(kind, seq, [this.sealSmall(cipher, parts, length)], bytes);

    const sealedHeader = Buffer.allocUnsafe(RECORD_HEADER);
    this.sealHeader(header, sealedHeader);
    const out: Buffer[] = [sealedHeader];
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i];
      for (let at = 0; at < part.length; at += CIPHER_STEP) {
        out.push(cipher.update(part.length <= CIPHER_STEP ? part : part.subarray(at, at + CIPHER_STEP)));
      }
    }
    cipher.final();
    out.push(cipher.getAuthTag());
    return new SealedRecord(kind, seq, out, bytes);
  }

  private sealNative(native: NativeGcm, parts: readonly Buffer[], length: number): Buffer[] {
    native.begin(this.nonce, this.header);
    let left = length + RECORD_OVERHEAD;
    if (length <= SMALL) {
      const out = Buffer.allocUnsafe(left);
      this.sealHeader(this.header, out);
      native.update(this.join(parts, length), out.subarray(RECORD_HEADER));
      native.end(out.subarray(RECORD_HEADER + length));
      return [out];
    }
    const full: Buffer[] = [];
    let out = slabs.room(left);
    this.sealHeader(this.header, out);
    let at = RECORD_HEADER;
    left -= RECORD_HEADER;
    const turnOver = (): void => {
      full.push(out.subarray(0, at));
      out = slabs.room(left);
      at = 0;
    };
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i];
      for (let from = 0; from < part.length; ) {
        if (at === out.length) turnOver();
        const bytes = Math.min(part.length - from, out.length - at);
        native.update(bytes === part.length ? part : part.subarray(from, from + bytes), out.subarray(at));
        from += bytes;
        at += bytes;
        left -= bytes;
      }
    }
    if (out.length - at < RECORD_TAG) turnOver();
    native.end(out.subarray(at));
    full.push(out.subarray(0, at + RECORD_TAG));
    return full;
  }

  private join(parts: readonly Buffer[], length: number): Buffer {
    if (parts.length === 1) return parts[0];
    let at = 0;
    for (const part of parts) at += part.copy(this.scratch, at);
    return this.scratch.subarray(0, length);
  }

  private sealSmall(cipher: CipherGCM, parts: readonly Buffer[], length: number): Buffer {
    const plain = this.join(parts, length);
    const out = Buffer.allocUnsafe(length + RECORD_OVERHEAD);
    this.sealHeader(this.header, out);
    if (length > 0) cipher.update(plain).copy(out, RECORD_HEADER);
    cipher.final();
    cipher.getAuthTag().copy(out, RECORD_HEADER + length);
    return out;
  }
}
