import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import type { Sealed } from '../../src-shared/backup.ts';

/** scrypt (RFC 7914) takes 128 · N · r = 64 MiB here: some 200 ms, once per passphrase. */
const N = 65_536;
const R = 8;
const P = 1;
const KEY_BYTES = 32;
const SALT_BYTES = 16;
/** AES-256-GCM (NIST SP 800-38D): 96-bit nonce, 128-bit tag. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What a passphrase became, with what it takes to become it again. */
export interface SealingKey {
  readonly key: Buffer;
  readonly salt: Buffer;
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

export async function newSealingKey(passphrase: string): Promise<SealingKey> {
  const salt = randomBytes(SALT_BYTES);
  return { key: await derive(passphrase, salt, N, R, P), salt, n: N, r: R, p: P };
}

/** The key of something that is sealed, from its passphrase; whether it is the right one, `unseal` tells. */
export async function sealingKeyOf(passphrase: string, { salt, n, r, p }: Sealed): Promise<SealingKey> {
  const bytes = Buffer.from(salt, 'base64url');
  return { key: await derive(passphrase, bytes, n, r, p), salt: bytes, n, r, p };
}

/** Each seal has a nonce of its own. */
export function seal(text: string, { key, salt, n, r, p }: SealingKey): Sealed {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return {
    kdf: 'scrypt',
    n,
    r,
    p,
    salt: salt.toString('base64url'),
    cipher: 'aes-256-gcm',
    nonce: nonce.toString('base64url'),
    data: data.toString('base64url'),
  };
}

/** Undefined: another passphrase, or it was changed. */
export function unseal({ nonce, data }: Sealed, { key }: SealingKey): string | undefined {
  const iv = Buffer.from(nonce, 'base64url');
  const bytes = Buffer.from(data, 'base64url');
  if (iv.length !== NONCE_BYTES || bytes.length < TAG_BYTES) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

function derive(passphrase: string, salt: Buffer, n: number, r: number, p: number): Promise<Buffer> {
  // One text whatever the keyboard made of its accents.
  const bytes = Buffer.from(passphrase.normalize('NFC'), 'utf8');
  return new Promise((resolve, reject) => {
    const options = { N: n, r, p, maxmem: 128 * n * r * 2 + (1 << 20) };
    scrypt(bytes, salt, KEY_BYTES, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}
