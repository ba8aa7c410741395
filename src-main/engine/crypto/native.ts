import { createSecretKey, randomBytes } from 'node:crypto';
import { NativeGcm } from './native-gcm.ts';
import type { OpenSsl } from './openssl.ts';
import { KEY_BYTES, NONCE_BYTES, open, seal, TAG_BYTES } from './primitives.ts';

let library: OpenSsl | null = null;

/**
 * From now on new sessions of this thread seal and open their records by `found`. False, and node:crypto serves, where
 * nothing was found or it does not agree with node:crypto.
 */
export function useOpenSsl(found: OpenSsl | undefined): boolean {
  library = found !== undefined && agrees(found) ? found : null;
  return library !== null;
}

/** What new sessions use; null: node:crypto. */
export function nativeOpenSsl(): OpenSsl | null {
  return library;
}

/** Whether it seals what node:crypto seals, and opens neither more nor less. */
export function agrees(openssl: OpenSsl): boolean {
  try {
    return [0, 1, 16, 1000, 70_000].every((length) => agreesOn(openssl, length));
  } catch {
    return false;
  }
}

function agreesOn(openssl: OpenSsl, length: number): boolean {
  const key = createSecretKey(randomBytes(KEY_BYTES));
  const [nonce, aad, text] = [randomBytes(NONCE_BYTES), randomBytes(16), randomBytes(length)];
  const native = new NativeGcm(openssl, key);
  const sealed = Buffer.alloc(length + TAG_BYTES);
  const half = length >> 1;
  native.begin(nonce, aad);
  native.update(text.subarray(0, half), sealed);
  native.update(text.subarray(half), sealed.subarray(half));
  native.end(sealed.subarray(length));
  if (!sealed.equals(seal(key, nonce, aad, text))) return false;
  for (const flip of [0, 1]) {
    sealed[length] ^= flip;
    const out = Buffer.alloc(length);
    const opening = native.open(nonce, aad);
    opening.update(sealed.subarray(0, length), out);
    const isRight = opening.verify(sealed.subarray(length));
    if (isRight !== (open(key, nonce, aad, sealed) !== undefined)) return false;
    if (isRight && !out.equals(text)) return false;
  }
  return true;
}
