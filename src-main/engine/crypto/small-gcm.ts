import { type Cipher, createCipheriv, type KeyObject } from 'node:crypto';
import { NONCE_BYTES, TAG_BYTES } from './primitives.ts';

/**
 * AES-256-GCM (NIST SP 800-38D) of short texts under one key.
 *
 * Node makes a cipher object per text, which for a keystroke costs more than the encryption, and leaves garbage: OpenSSL
 * looks its algorithm up by name each time. For longer texts that no longer matters, hence the bound. Here OpenSSL's AES
 * still makes every block, through one ECB object that lives as long as the key; the mode around it (counters and GHASH,
 * 4-bit tables as in Shoup's method and OpenSSL's portable code) is done here. Same bytes as node:crypto's.
 *
 * The tables' accesses depend on ciphertext and key, as in every table-driven GHASH: visible at most to a program
 * that shares this CPU's first-level cache.
 */
export const SMALL_GCM_BYTES = 192;

const BLOCK = 16;
/** Tag mask and key stream of the longest text. */
const SCRATCH_BLOCKS = 1 + SMALL_GCM_BYTES / BLOCK;

/** x^128 + x^7 + x^2 + x + 1, for the four bits that a shift pushes out (SP 800-38D §6.3, reflected). */
const REDUCE = Int32Array.from(
  [
    0x0000, 0x1c20, 0x3840, 0x2460, 0x7080, 0x6ca0, 0x48c0, 0x54e0, 0xe100, 0xfd20, 0xd940, 0xc560, 0x9180,
    0x8da0, 0xa9c0, 0xb5e0,
  ],
  (bits) => bits << 16,
);

export class SmallGcm {
  private readonly aes: Cipher;
  private readonly counters: Buffer;
  private readonly words: Int32Array;
  /** H times each 4-bit polynomial: 16 x 4 words. */
  private readonly table: Int32Array;
  /** GHASH's state, high word first. */
  private readonly state = new Int32Array(4);

  constructor(key: KeyObject) {
    this.aes = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
    const memory = new ArrayBuffer(SCRATCH_BLOCKS * BLOCK);
    this.counters = Buffer.from(memory);
    this.words = new Int32Array(memory);
    for (let block = 0; block < SCRATCH_BLOCKS; block++) {
      this.counters.writeUInt32BE(block + 1, block * BLOCK + NONCE_BYTES);
    }
    this.table = multiples(this.aes.update(Buffer.alloc(BLOCK)));
  }

  /**
   * Encrypts `length` bytes (at most SMALL_GCM_BYTES) of `plain` to `out` at `at`, the tag behind them. `aad` is 16
   * bytes, `nonce` 12, which must never meet a second text.
   */
  seal(nonce: Buffer, aad: Buffer, plain: Buffer, length: number, out: Buffer, at: number): void {
    const stream = this.keyStream(nonce, length);
    for (let i = 0; i < length; i++) out[at + i] = plain[i] ^ stream[BLOCK + i];
    this.hash(aad, out, at, length);
    const { state } = this;
    const tagAt = at + length;
    for (let i = 0; i < TAG_BYTES; i++)
      out[tagAt + i] = (state[i >> 2] >>> (24 - ((i & 3) << 3))) ^ stream[i];
  }

  /** The text of `length` bytes of ciphertext at `at` in `sealed`, whose tag stands behind; undefined: not authentic. */
  open(nonce: Buffer, aad: Buffer, sealed: Buffer, at: number, length: number): Buffer | undefined {
    const stream = this.keyStream(nonce, length);
    this.hash(aad, sealed, at, length);
    const { state } = this;
    const tagAt = at + length;
    let difference = 0;
    for (let i = 0; i < TAG_BYTES; i++) {
      difference |= ((state[i >> 2] >>> (24 - ((i & 3) << 3))) & 0xff) ^ stream[i] ^ sealed[tagAt + i];
    }
    if (difference !== 0) return undefined;
    // The key stream's memory becomes the text: it is ours alone.
    const plain = stream.subarray(BLOCK, BLOCK + length);
    for (let i = 0; i < length; i++) plain[i] ^= sealed[at + i];
    return plain;
  }

  /** AES of J0 (the tag's mask) and of the counters behind it (SP 800-38D §7.1: J0 = nonce | 1). */
  private keyStream(nonce: Buffer, length: number): Buffer {
    const { counters, words } = this;
    const end = BLOCK + ((length + BLOCK - 1) & -BLOCK);
    for (let i = 0; i < NONCE_BYTES; i++) counters[i] = nonce[i];
    for (let word = BLOCK >> 2; word < end >> 2; word += BLOCK >> 2) {
      words[word] = words[0];
      words[word + 1] = words[1];
      words[word + 2] = words[2];
    }
    return this.aes.update(end === counters.length ? counters : counters.subarray(0, end));
  }

  private hash(aad: Buffer, text: Buffer, at: number, length: number): void {
    const { state } = this;
    state.fill(0);
    this.absorb(word(aad, 0), word(aad, 4), word(aad, 8), word(aad, 12));
    const whole = at + (length & -BLOCK);
    let i = at;
    for (; i < whole; i += BLOCK) {
      this.absorb(word(text, i), word(text, i + 4), word(text, i + 8), word(text, i + 12));
    }
    const end = at + length;
    if (i < end) {
      this.absorb(
        tail(text, i, end),
        tail(text, i + 4, end),
        tail(text, i + 8, end),
        tail(text, i + 12, end),
      );
    }
    // Both lengths in bits.
    this.absorb(0, BLOCK << 3, 0, length << 3);
  }

  /** state = (state ^ block) · H. */
  private absorb(a: number, b: number, c: number, d: number): void {
    const { state, table } = this;
    let z0 = 0;
    let z1 = 0;
    let z2 = 0;
    let z3 = 0;
    for (let index = 3; index >= 0; index--) {
      let x = state[index] ^ (index === 3 ? d : index === 2 ? c : index === 1 ? b : a);
      for (let nibble = 0; nibble < 8; nibble++) {
        const rest = z3 & 15;
        const row = (x & 15) << 2;
        z3 = ((z3 >>> 4) | (z2 << 28)) ^ table[row + 3];
        z2 = ((z2 >>> 4) | (z1 << 28)) ^ table[row + 2];
        z1 = ((z1 >>> 4) | (z0 << 28)) ^ table[row + 1];
        z0 = (z0 >>> 4) ^ REDUCE[rest] ^ table[row];
        x >>>= 4;
      }
    }
    state[0] = z0;
    state[1] = z1;
    state[2] = z2;
    state[3] = z3;
  }
}

function word(bytes: Buffer, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

/** A word of which only the bytes before `end` count. */
function tail(bytes: Buffer, at: number, end: number): number {
  let out = 0;
  for (let i = 0; i < 4; i++) out = (out << 8) | (at + i < end ? bytes[at + i] : 0);
  return out;
}

function multiples(h: Buffer): Int32Array {
  const table = new Int32Array(64);
  let [v0, v1, v2, v3] = [word(h, 0), word(h, 4), word(h, 8), word(h, 12)];
  for (let row = 8; row > 0; row >>= 1) {
    table.set([v0, v1, v2, v3], row << 2);
    const carry = v3 & 1 ? 0xe1000000 | 0 : 0;
    v3 = (v3 >>> 1) | (v2 << 31);
    v2 = (v2 >>> 1) | (v1 << 31);
    v1 = (v1 >>> 1) | (v0 << 31);
    v0 = (v0 >>> 1) ^ carry;
  }
  for (let row = 2; row <= 8; row <<= 1) {
    for (let other = 1; other < row; other++) {
      for (let i = 0; i < 4; i++)
        table[((row + other) << 2) + i] = table[(row << 2) + i] ^ table[(other << 2) + i];
    }
  }
  return table;
}
