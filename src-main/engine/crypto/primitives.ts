import {
  type Cipher,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type Decipher,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';
import { type RandomBytes, systemRandom } from '../base/clock.ts';
import { CulvertError } from '../base/errors.ts';

/** Bytes of a symmetric key, of an X25519 key and of a SHA-256 digest. */
export const KEY_BYTES = 32;
/** Bytes of an AES-GCM tag. */
export const TAG_BYTES = 16;
/** Bytes of an AES-GCM nonce. */
export const NONCE_BYTES = 12;
/** Bytes of an AES block. */
export const BLOCK_BYTES = 16;

/** An X25519 key pair. `publicKey` is the 32 bytes that go on the wire. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: Buffer;
}

/** Makes a new key pair with each call. */
export type KeyPairSource = () => KeyPair;

/**
 * X25519 of a private key and the peer's 32 public bytes (RFC 7748 §5), 32 bytes. `undefined` when the public
 * bytes are not 32 or the shared secret is all zero, that is, the peer sent a point of small order (§6.1).
 */
export type DiffieHellman = (privateKey: KeyObject, publicKey: Buffer) => Buffer | undefined;

// PKCS #8 header of a raw X25519 private key (RFC 8410 §7). DER rather than JWK: a private JWK must also name
// the public key, which is what is being computed here.
const PKCS8_X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex');

function wantLength(what: string, bytes: Uint8Array, length: number): void {
  if (bytes.length === length) return;
  throw new CulvertError('ERR_INTERNAL', `${what} must be ${length} bytes, not ${bytes.length}`);
}

/** The point whose multiple a public key is: u = 9 (RFC 7748 §4.1). */
const BASE_POINT = Buffer.alloc(KEY_BYTES);
BASE_POINT[0] = 9;

/**
 * The raw 32 bytes of an X25519 public key, computed (RFC 7748 §6.1), not exported: on Node 20 a DER export costs 10 to 50
 * times as much, and one as JWK can hang the process for good. It holds the key's lock while it allocates; if that starts
 * a garbage collection in which the job that made the key goes, its destructor wants the same lock (seen once, in a
 * debugger).
 */
function rawPublic(privateKey: KeyObject): Buffer {
  const publicKey = x25519(privateKey, BASE_POINT);
  if (publicKey === undefined) throw new CulvertError('ERR_INTERNAL', 'an X25519 key without a public key');
  return publicKey;
}

/** The key pair of 32 private bytes (X25519 clamps them, RFC 7748 §5). Throws ERR_INTERNAL on another length. */
export function keyPairFromPrivate(privateBytes: Uint8Array): KeyPair {
  wantLength('an X25519 private key', privateBytes, KEY_BYTES);
  const der = Buffer.concat([PKCS8_X25519, privateBytes]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: rawPublic(privateKey) };
}

/** A new key pair from the system's random source. The public key's top bit is 0: see `maskedPublic`. */
export function generateKeyPair(): KeyPair {
  const { privateKey } = generateKeyPairSync('x25519');
  return { privateKey, publicKey: rawPublic(privateKey) };
}

/**
 * The same pair with a random top bit in the public bytes. An X25519 public key is below 2^255, so without it
 * one bit on the wire would always be 0. X25519 ignores the bit (RFC 7748 §5: "MUST mask the most significant
 * bit"), and Noise hashes the bytes as sent, so both sides agree and nobody can flip it on the way.
 */
export function maskedPublic(pair: KeyPair, random: RandomBytes): KeyPair {
  const publicKey = Buffer.from(pair.publicKey);
  publicKey[KEY_BYTES - 1] ^= random(1)[0] & 0x80;
  return { privateKey: pair.privateKey, publicKey };
}

/** A new ephemeral from the system's random source, top bit masked. */
export const newEphemeral: KeyPairSource = () => maskedPublic(generateKeyPair(), systemRandom);

/** Ephemerals from an injected random source, for scenarios that replay from a seed. Slower. */
export function ephemeralsFrom(random: RandomBytes): KeyPairSource {
  return () => maskedPublic(keyPairFromPrivate(random(KEY_BYTES)), random);
}

export const x25519: DiffieHellman = (privateKey, publicKey) => {
  if (publicKey.length !== KEY_BYTES) return undefined;
  const jwk = { kty: 'OKP', crv: 'X25519', x: publicKey.toString('base64url') };
  let secret: Buffer;
  try {
    secret = diffieHellman({ privateKey, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) });
  } catch {
    return undefined; // OpenSSL refuses the all-zero secret itself
  }
  return equalBytes(secret, ALL_ZERO) ? undefined : secret;
};

const ALL_ZERO = Buffer.alloc(KEY_BYTES);

/** SHA-256 of the parts in a row. */
export function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function hmac(key: KeyObject, ...parts: readonly Uint8Array[]): Buffer {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

const COUNTERS = [1, 2, 3].map((n) => Buffer.of(n));

/** HKDF with 2 outputs of 32 bytes (Noise rev 34 §4.3). */
export function hkdf2(chainingKey: Uint8Array, input: Uint8Array): [Buffer, Buffer] {
  const temp = createSecretKey(hmac(createSecretKey(chainingKey), input));
  const first = hmac(temp, COUNTERS[0]);
  return [first, hmac(temp, first, COUNTERS[1])];
}

/** HKDF with 3 outputs of 32 bytes (Noise rev 34 §4.3). */
export function hkdf3(chainingKey: Uint8Array, input: Uint8Array): [Buffer, Buffer, Buffer] {
  const temp = createSecretKey(hmac(createSecretKey(chainingKey), input));
  const first = hmac(temp, COUNTERS[0]);
  const second = hmac(temp, first, COUNTERS[1]);
  return [first, second, hmac(temp, second, COUNTERS[2])];
}

/** HKDF-SHA256 (RFC 5869) without salt: `length` bytes for the purpose that `info` names. */
export function deriveKey(secret: KeyObject | Uint8Array, info: string, length = KEY_BYTES): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), info, length));
}

/** The nonce of Noise's AESGCM (rev 34 §12.4): 4 zero bytes, then 64 bits big-endian. */
export function noiseNonce(n: bigint): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeBigUInt64BE(n, NONCE_BYTES - 8);
  return nonce;
}

/** AES-256-GCM: ciphertext, then the 16-byte tag. A nonce must never meet two plaintexts under one key. */
export function seal(key: KeyObject, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(aad);
  const body = cipher.update(plaintext);
  cipher.final();
  return Buffer.concat([body, cipher.getAuthTag()]);
}

/** The plaintext of what `seal` made, or `undefined` when it is too short or its tag does not verify. */
export function open(
  key: KeyObject,
  nonce: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
): Buffer | undefined {
  const length = sealed.length - TAG_BYTES;
  if (length < 0) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(length));
  const plaintext = decipher.update(sealed.subarray(0, length));
  try {
    decipher.final(); // the only call here that depends on the tag
  } catch {
    return undefined;
  }
  return plaintext;
}

/**
 * AES-256 of single 16-byte blocks. ECB keeps no state between blocks, so one cipher object serves for good,
 * which costs a fraction of making one per block. Fit only for blocks that never repeat: they hold a number.
 */
export class BlockCipher {
  private readonly cipher: Cipher;
  private readonly decipher: Decipher;

  constructor(key: KeyObject) {
    this.cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
    this.decipher = createDecipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  }

  /** Throws ERR_INTERNAL on another length, which would shift every later block. */
  encrypt(block: Uint8Array): Buffer {
    wantLength('an AES block', block, BLOCK_BYTES);
    return this.cipher.update(block);
  }

  /** Throws ERR_INTERNAL on another length, which would shift every later block. */
  decrypt(block: Uint8Array): Buffer {
    wantLength('an AES block', block, BLOCK_BYTES);
    return this.decipher.update(block);
  }
}

/** Compares without telling by its time where the bytes differ; unequal lengths are unequal. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
