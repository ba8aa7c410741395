import { createSecretKey, type KeyObject } from 'node:crypto';
import { NativeGcm } from './native-gcm.ts';
import type { OpenSsl } from './openssl.ts';
import { deriveKey } from './primitives.ts';
import { REKEY_SHIFT, type RecordKind } from './record.ts';
import { SmallGcm } from './small-gcm.ts';

/** Everything of one generation of a kind: `native` where calls into OpenSSL are on, else `key` and, for short texts, `small`. */
export interface GenerationKeys {
  readonly generation: number;
  readonly key: KeyObject;
  readonly native: NativeGcm | undefined;
  readonly small: SmallGcm;
}

/** Keys of one direction. `KeyObject`s: a raw Buffer key costs four times as much per call on Node 24. */
export class DirectionKeys {
  readonly header: Buffer;
  private readonly openssl: OpenSsl | null;
  private readonly secret: Buffer;
  /** Per kind, the newest generations asked for; two are enough, as resent records are at most a window old. */
  private readonly cache: GenerationKeys[][] = [[], []];

  constructor(secret: Buffer, openssl: OpenSsl | null) {
    this.openssl = openssl;
    this.secret = secret;
    this.header = deriveKey(secret, 'culvert/1 header');
  }

  of(kind: RecordKind, seq: number): GenerationKeys {
    const generation = Math.floor(seq / 2 ** REKEY_SHIFT);
    const known = this.cache[kind];
    for (const entry of known) if (entry.generation === generation) return entry;
    const key = createSecretKey(deriveKey(this.secret, `culvert/1 record ${kind} ${generation}`));
    const native = this.openssl === null ? undefined : new NativeGcm(this.openssl, key);
    const entry = { generation, key, native, small: new SmallGcm(key) };
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
