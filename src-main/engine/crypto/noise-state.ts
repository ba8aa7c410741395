import { createSecretKey, type KeyObject } from 'node:crypto';
import { CulvertError } from '../base/errors.ts';
import { hkdf2, hkdf3, KEY_BYTES, noiseNonce, open, seal, sha256 } from './primitives.ts';

/** The one Noise protocol that Culvert speaks (rev 34; section numbers below are its). */
export const NOISE_PROTOCOL = 'Noise_NNpsk0_25519_AESGCM_SHA256';

const EMPTY = Buffer.alloc(0);
/** 2^64-1 is reserved (§5.1). */
const MAX_NONCE = 2n ** 64n - 1n;

/** §5.1. Without a key it passes text through unchanged, as the spec has it. */
export class CipherState {
  private readonly rawKey: Buffer | undefined;
  private key: KeyObject | undefined;
  private n = 0n;

  constructor(key?: Buffer) {
    this.rawKey = key;
  }

  encryptWithAd(ad: Buffer, plaintext: Buffer): Buffer {
    const key = this.ready();
    return key === undefined ? plaintext : seal(key, noiseNonce(this.n++), ad, plaintext);
  }

  /** `undefined` when the tag does not verify; the nonce then stays. */
  decryptWithAd(ad: Buffer, ciphertext: Buffer): Buffer | undefined {
    const key = this.ready();
    if (key === undefined) return ciphertext;
    const plaintext = open(key, noiseNonce(this.n), ad, ciphertext);
    if (plaintext !== undefined) this.n++;
    return plaintext;
  }

  private ready(): KeyObject | undefined {
    if (this.rawKey === undefined) return undefined;
    if (this.n >= MAX_NONCE) throw new CulvertError('ERR_INTERNAL', 'a Noise cipher ran out of nonces');
    // Made at first use: most keys of a handshake are replaced before they encrypt anything.
    this.key ??= createSecretKey(this.rawKey);
    return this.key;
  }
}

/** §5.2. */
export class SymmetricState {
  private ck: Buffer;
  private h: Buffer;
  private cipher = new CipherState();

  constructor(protocolName: string) {
    const name = Buffer.from(protocolName, 'ascii');
    this.h = name.length > KEY_BYTES ? sha256(name) : Buffer.concat([name], KEY_BYTES);
    this.ck = this.h;
  }

  /** A copy to go on from. It shares the cipher, so each copy must mix in a key before it encrypts. */
  fork(): SymmetricState {
    const copy = new SymmetricState('');
    copy.ck = this.ck;
    copy.h = this.h;
    copy.cipher = this.cipher;
    return copy;
  }

  get handshakeHash(): Buffer {
    return this.h;
  }

  mixKey(input: Buffer): void {
    const [ck, key] = hkdf2(this.ck, input);
    this.ck = ck;
    this.cipher = new CipherState(key);
  }

  mixHash(data: Buffer): void {
    this.h = sha256(this.h, data);
  }

  mixKeyAndHash(input: Buffer): void {
    const [ck, hash, key] = hkdf3(this.ck, input);
    this.ck = ck;
    this.mixHash(hash);
    this.cipher = new CipherState(key);
  }

  encryptAndHash(plaintext: Buffer): Buffer {
    const ciphertext = this.cipher.encryptWithAd(this.h, plaintext);
    this.mixHash(ciphertext);
    return ciphertext;
  }

  decryptAndHash(ciphertext: Buffer): Buffer | undefined {
    const plaintext = this.cipher.decryptWithAd(this.h, ciphertext);
    if (plaintext !== undefined) this.mixHash(ciphertext);
    return plaintext;
  }

  /** The key of the initiator's, then of the responder's transport messages. */
  split(): [Buffer, Buffer] {
    return hkdf2(this.ck, EMPTY);
  }
}
