import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { NativeBlocks } from './native-cipher.ts';
import { NativeGcm } from './native-gcm.ts';
import type { OpenSsl } from './openssl.ts';
import { BLOCK_BYTES, deriveKey } from './primitives.ts';
import { REKEY_SHIFT, type RecordKind } from './record.ts';
import { SmallGcm } from './small-gcm.ts';

const RECORDS_PER_KEY = 2 ** REKEY_SHIFT;

/** One generation of a kind: OpenSSL's by `native`, node:crypto's by `key` and, for short texts, `small`. */
export type GenerationKeys = { readonly generation: number } & (
  | { readonly native: NativeGcm }
  | { readonly native: undefined; readonly key: KeyObject; readonly small: SmallGcm }
);

/** From the 16 bytes of `block` at `at` to the first 16 of `out`. */
export type ConvertBlock = (block: Buffer, out: Buffer, at?: number) => void;

/** Keys of one direction. `KeyObject`s: a raw Buffer key costs four times as much per call on Node 24. */
export class DirectionKeys {
  private readonly header: Buffer;
  private readonly openssl: OpenSsl | null;
  private readonly secret: Buffer;
  /** Per kind, the newest generations asked for; two are enough, as resent records are at most a window old. */
  private readonly cache: GenerationKeys[][] = [[], []];

  constructor(secret: Buffer, openssl: OpenSsl | null) {
    this.openssl = openssl;
    this.secret = secret;
    this.header = deriveKey(secret, 'culvert/1 header');
  }

  /** Seals or opens headers. ECB has no chaining: one cipher serves every block, which saves its set-up per record. */
  headers(direction: 'encrypt' | 'decrypt'): ConvertBlock {
    if (this.openssl !== null) {
      const blocks = new NativeBlocks(this.openssl, this.header, direction);
      return (block, out, at) => blocks.convert(block, out, at);
    }
    const create = direction === 'encrypt' ? createCipheriv : createDecipheriv;
    const cipher = create('aes-256-ecb', this.header, null).setAutoPadding(false);
    return (block, out, at = 0) => {
      cipher.update(block.subarray(at, at + BLOCK_BYTES)).copy(out);
    };
  }

  of(kind: RecordKind, seq: number): GenerationKeys {
    const generation = Math.floor(seq / RECORDS_PER_KEY);
    const known = this.cache[kind];
    for (const entry of known) if (entry.generation === generation) return entry;
    const key = createSecretKey(deriveKey(this.secret, `culvert/1 record ${kind} ${generation}`));
    const entry: GenerationKeys =
      this.openssl === null
        ? { generation, native: undefined, key, small: new SmallGcm(key) }
        : { generation, native: new NativeGcm(this.openssl, key) };
    known.unshift(entry);
    if (known.length > 2) known.pop();
    return entry;
  }
}

export function writeNonce(out: Buffer, kind: RecordKind, seq: number): void {
  out.writeUInt32BE(kind, 0);
  out.writeUInt32BE(Math.floor(seq / 0x1_0000_0000), 4);
  out.writeUInt32BE(seq >>> 0, 8);
}
