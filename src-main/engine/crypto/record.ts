/**
 * Sealed records: 16-byte header, ciphertext, 16-byte tag.
 *
 * The header is one AES-256 block: `ECB(headerKey, seq u64 | length u24 | kind u8 | 0 u32)`, so no byte on the wire
 * is constant; its plaintext is the AAD. The body is AES-256-GCM with nonce `kind u32 | seq u64`. Keys differ by
 * direction, by kind and by generation (`seq >> 20`), all derived with HKDF-SHA256 (RFC 5869) from the secret that
 * the handshake gave this direction: rekeying needs no signal. A record is sealed exactly once (I2).
 */
import {
  type CipherGCM,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type DecipherGCM,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { release } from '../base/release.ts';
import { SMALL_GCM_BYTES, SmallGcm } from './small-gcm.ts';

export const RECORD_HEADER = 16;
export const RECORD_TAG = 16;
export const RECORD_OVERHEAD = RECORD_HEADER + RECORD_TAG;
/** Plaintext of one record. */
export const MAX_RECORD_PLAIN = (256 << 10) + 4096;
/** A key seals at most 2^20 records of each kind. */
export const REKEY_SHIFT = 20;

/** *reliable* records are numbered, kept until acknowledged; *control* ones have numbers of their own, never resent. */
export const RECORD_KIND = { reliable: 0, control: 1 } as const;
export type RecordKind = (typeof RECORD_KIND)[keyof typeof RECORD_KIND];

export class SealedRecord {
  readonly kind: RecordKind;
  readonly seq: number;
  /** Header, ciphertext and tag, cut anywhere. */
  readonly parts: readonly Buffer[];
  readonly bytes: number;
  /** It may overtake others on its way. */
  urgent = false;
  /** Carriers it was handed to, less those that said that it has left the process. */
  private outstanding = 0;
  private isRetired = false;

  constructor(kind: RecordKind, seq: number, parts: readonly Buffer[], bytes: number) {
    this.kind = kind;
    this.seq = seq;
    this.parts = parts;
    this.bytes = bytes;
  }

  get reliable(): boolean {
    return this.kind === RECORD_KIND.reliable;
  }
  /** Acknowledged: nobody needs it any more. */
  get retired(): boolean {
    return this.isRetired;
  }

  /** A carrier is about to get it. */
  handedOver(): void {
    this.outstanding++;
  }

  /** A carrier has no further use for its memory. One that never says so merely leaves it to the collector. */
  written(): void {
    this.outstanding--;
    if (this.isRetired) this.retire();
  }

  /** Nobody needs it any more: gives its memory back, as soon as no carrier may still be sending it. */
  retire(): void {
    this.isRetired = true;
    if (this.outstanding === 0) for (const part of this.parts) release(part);
  }
}

/**
 * Below this a record is assembled in one buffer: one write costs less than three. Above it the copy would cost
 * more than it saves.
 */
const SMALL = 8 << 10;

/**
 * Most bytes given to the cipher at once. Its output is a fresh allocation; from 128 KiB on malloc maps and unmaps
 * pages for each, which costs as much as the encryption (measured: 256 KiB at 1.6 GB/s, 4 x 64 KiB at 2.2 GB/s).
 */
export const CIPHER_STEP = 64 << 10;

const GCM_OPTIONS = { authTagLength: RECORD_TAG } as const;

function derive(secret: Buffer, info: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), info, 32));
}

/** What seals or opens one generation of a kind: whole records by `key`, short ones by `small`. */
interface GenerationKeys {
  readonly generation: number;
  readonly key: KeyObject;
  readonly small: SmallGcm;
}

/** Keys of one direction. `KeyObject`s: a raw Buffer key costs four times as much per call on Node 24. */
class DirectionKeys {
  readonly header: Buffer;
  private readonly secret: Buffer;
  /** Per kind, the newest generations asked for; two are enough, as resent records are at most a window old. */
  private readonly cache: GenerationKeys[][] = [[], []];

  constructor(secret: Buffer) {
    this.secret = secret;
    this.header = derive(secret, 'culvert/1 header');
  }

  of(kind: RecordKind, seq: number): GenerationKeys {
    const generation = Math.floor(seq / 2 ** REKEY_SHIFT);
    const known = this.cache[kind];
    for (const entry of known) if (entry.generation === generation) return entry;
    const key = createSecretKey(derive(this.secret, `culvert/1 record ${kind} ${generation}`));
    const entry = { generation, key, small: new SmallGcm(key) };
    known.unshift(entry);
    if (known.length > 2) known.pop();
    return entry;
  }
}

function writeNonce(out: Buffer, kind: RecordKind, seq: number): void {
  out.writeUInt32BE(kind, 0);
  out.writeUInt32BE(Math.floor(seq / 0x1_0000_0000), 4);
  out.writeUInt32BE(seq >>> 0, 8);
}

/** Seals the records of one direction. Numbers come from the caller and must never repeat within a kind. */
export class RecordSealer {
  private readonly keys: DirectionKeys;
  private readonly headerCipher;
  private readonly header = Buffer.alloc(RECORD_HEADER);
  private readonly nonce = Buffer.alloc(12);
  private readonly scratch = Buffer.allocUnsafeSlow(SMALL);

  constructor(secret: Buffer) {
    this.keys = new DirectionKeys(secret);
    // ECB has no chaining: one cipher object serves every block, which saves its set-up per record.
    this.headerCipher = createCipheriv('aes-256-ecb', this.keys.header, null).setAutoPadding(false);
  }

  /** Seals `parts` (together `length` bytes). The parts are read, not kept. */
  seal(kind: RecordKind, seq: number, parts: readonly Buffer[], length: number): SealedRecord {
    if (length > MAX_RECORD_PLAIN) throw new RangeError(`record of ${length} bytes`);
    const { header, nonce } = this;
    header.writeUInt32BE(Math.floor(seq / 0x1_0000_0000), 0);
    header.writeUInt32BE(seq >>> 0, 4);
    header.writeUInt32BE(((length << 8) | kind) >>> 0, 8);
    writeNonce(nonce, kind, seq);
    const sealedHeader = this.headerCipher.update(header);
    const bytes = length + RECORD_OVERHEAD;
    if (length <= SMALL_GCM_BYTES) {
      const plain = this.join(parts, length);
      const out = Buffer.allocUnsafe(bytes);
      sealedHeader.copy(out, 0);
      this.keys.of(kind, seq).small.seal(nonce, header, plain, length, out, RECORD_HEADER);
      return new SealedRecord(kind, seq, [out], bytes);
    }
    const cipher: CipherGCM = createCipheriv('aes-256-gcm', this.keys.of(kind, seq).key, nonce, GCM_OPTIONS);
    cipher.setAAD(header);
    if (length <= SMALL)
      return new SealedRecord(kind, seq, [this.sealSmall(cipher, sealedHeader, parts, length)], bytes);

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

  private join(parts: readonly Buffer[], length: number): Buffer {
    if (parts.length === 1) return parts[0];
    let at = 0;
    for (const part of parts) at += part.copy(this.scratch, at);
    return this.scratch.subarray(0, length);
  }

  private sealSmall(cipher: CipherGCM, header: Buffer, parts: readonly Buffer[], length: number): Buffer {
    const plain = this.join(parts, length);
    const out = Buffer.allocUnsafe(length + RECORD_OVERHEAD);
    header.copy(out, 0);
    if (length > 0) cipher.update(plain).copy(out, RECORD_HEADER);
    cipher.final();
    cipher.getAuthTag().copy(out, RECORD_HEADER + length);
    return out;
  }
}

export interface RecordHeader {
  readonly kind: RecordKind;
  readonly seq: number;
  /** Plaintext length, bytes. */
  readonly length: number;
  /** The header in plaintext: the AAD. */
  readonly plain: Buffer;
}

/** Opens the records of one direction. */
export class RecordOpener {
  private readonly keys: DirectionKeys;
  private readonly headerCipher;
  private readonly nonce = Buffer.alloc(12);

  constructor(secret: Buffer) {
    this.keys = new DirectionKeys(secret);
    this.headerCipher = createDecipheriv('aes-256-ecb', this.keys.header, null).setAutoPadding(false);
  }

  /** Undefined when the block is no header of this direction: whoever sent it does not have the key. */
  header(block: Buffer): RecordHeader | undefined {
    const plain = this.headerCipher.update(block);
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
    return this.keys
      .of(header.kind, header.seq)
      .small.open(this.nonce, header.plain, sealed, at, header.length);
  }

  /** A decipher for the body. What it gives must stay inside the record layer until `final()` passed (I3). */
  begin(header: RecordHeader): DecipherGCM {
    writeNonce(this.nonce, header.kind, header.seq);
    const { key } = this.keys.of(header.kind, header.seq);
    const decipher = createDecipheriv('aes-256-gcm', key, this.nonce, GCM_OPTIONS);
    decipher.setAAD(header.plain);
    return decipher;
  }
}
