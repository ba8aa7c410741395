import { createCipheriv, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SMALL_GCM_BYTES, SmallGcm } from '../../../../src-main/engine/crypto/small-gcm.ts';
import { Seeded } from '../../../support/seeded.ts';

/** What OpenSSL makes of it: ciphertext, then tag. */
function reference(key: Buffer, nonce: Buffer, aad: Buffer, plain: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', createSecretKey(key), nonce);
  cipher.setAAD(aad);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function sealed(gcm: SmallGcm, nonce: Buffer, aad: Buffer, plain: Buffer, at = 0): Buffer {
  const out = Buffer.alloc(at + plain.length + 16, 0xee);
  gcm.seal(nonce, aad, plain, plain.length, out, at);
  return out;
}

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(Buffer.from);

describe('AES-256-GCM of short texts', () => {
  it('is what OpenSSL makes, for every length', () => {
    const random = new Seeded(7);
    const gcmKey = random.bytes(32);
    const gcm = new SmallGcm(createSecretKey(gcmKey));
    for (let length = 0; length <= SMALL_GCM_BYTES; length++) {
      const [nonce, aad, plain] = [random.bytes(12), random.bytes(16), random.bytes(length)];
      const out = sealed(gcm, nonce, aad, plain);
      expect(out.toString('hex'), `length ${length}`).toBe(
        reference(gcmKey, nonce, aad, plain).toString('hex'),
      );
      expect(gcm.open(nonce, aad, out, 0, length)).toEqual(plain);
    }
  });

  it('is what OpenSSL makes, for every key', () => {
    fc.assert(
      fc.property(
        bytes(32),
        bytes(12),
        bytes(16),
        fc.uint8Array({ maxLength: SMALL_GCM_BYTES }).map(Buffer.from),
        (key, nonce, aad, plain) => {
          const out = sealed(new SmallGcm(createSecretKey(key)), nonce, aad, plain);
          expect(out).toEqual(reference(key, nonce, aad, plain));
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  it('writes within its place, and reads from one', () => {
    const random = new Seeded(8);
    const gcm = new SmallGcm(createSecretKey(random.bytes(32)));
    const [nonce, aad, plain] = [random.bytes(12), random.bytes(16), random.bytes(33)];
    const out = sealed(gcm, nonce, aad, plain, 5);
    expect(out.subarray(0, 5)).toEqual(Buffer.alloc(5, 0xee));
    expect(out.subarray(5)).toEqual(sealed(gcm, nonce, aad, plain));
    expect(gcm.open(nonce, aad, out, 5, 33)).toEqual(plain);
  });

  it('keeps what it gave when it opens the next', () => {
    const random = new Seeded(9);
    const gcm = new SmallGcm(createSecretKey(random.bytes(32)));
    const aad = random.bytes(16);
    const texts = [random.bytes(20), random.bytes(20)];
    const nonces = [random.bytes(12), random.bytes(12)];
    const opened = texts.map((text, i) => gcm.open(nonces[i], aad, sealed(gcm, nonces[i], aad, text), 0, 20));
    expect(opened).toEqual(texts);
  });

  it('opens nothing of which one bit differs', () => {
    const random = new Seeded(10);
    const gcm = new SmallGcm(createSecretKey(random.bytes(32)));
    const [nonce, aad, plain] = [random.bytes(12), random.bytes(16), random.bytes(21)];
    const out = sealed(gcm, nonce, aad, plain);
    const flipped = (buffer: Buffer, bit: number): Buffer => {
      const copy = Buffer.from(buffer);
      copy[bit >> 3] ^= 1 << (bit & 7);
      return copy;
    };
    for (let bit = 0; bit < out.length * 8; bit++) {
      expect(gcm.open(nonce, aad, flipped(out, bit), 0, 21), `bit ${bit}`).toBeUndefined();
    }
    for (let bit = 0; bit < 96; bit++) {
      expect(gcm.open(flipped(nonce, bit), aad, out, 0, 21)).toBeUndefined();
    }
    for (let bit = 0; bit < 128; bit++) {
      expect(gcm.open(nonce, flipped(aad, bit), out, 0, 21)).toBeUndefined();
    }
    expect(gcm.open(nonce, aad, out, 0, 21)).toEqual(plain);
  });
});
