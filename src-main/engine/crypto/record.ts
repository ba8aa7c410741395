/**
 * Sealed records: 16-byte header, ciphertext, 16-byte tag.
 *
 * The header is one AES-256 block: `ECB(headerKey, seq u64 | length u24 | kind u8 | 0 u32)`, so no byte on the wire
 * is constant; its plaintext is the AAD. The body is AES-256-GCM with nonce `kind u32 | seq u64`. Keys differ by
 * direction, by kind and by generation (`seq >> 20`), all derived with HKDF-SHA256 (RFC 5869) from the secret that
 * the handshake gave this direction: rekeying needs no signal. A record is sealed exactly once (I2).
 */
import { release } from '../base/release.ts';

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
 * Most bytes given to the cipher at once. Where node:crypto serves, its output is a fresh allocation; from 128 KiB on
 * malloc maps and unmaps pages for each, which costs as much as the encryption.
 */
export const CIPHER_STEP = 64 << 10;
