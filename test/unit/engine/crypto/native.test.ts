import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { agrees, nativeOpenSsl, useOpenSsl } from '../../../../src-main/engine/crypto/native.ts';
import { NativeBlocks } from '../../../../src-main/engine/crypto/native-cipher.ts';
import { NativeGcm } from '../../../../src-main/engine/crypto/native-gcm.ts';
import type { OpenSsl } from '../../../../src-main/engine/crypto/openssl.ts';
import { BlockCipher, open, seal } from '../../../../src-main/engine/crypto/primitives.ts';
import { findOpenSsl } from '../../../../src-main/engine/native/openssl-library.ts';
import { codeOf } from '../../../support/codes.ts';
import { Seeded } from '../../../support/seeded.ts';

const found = await findOpenSsl();
if (found === undefined) throw new Error('koffi is missing: npm ci installs it');
const openssl: OpenSsl = found;
const random = new Seeded(7);
const KEY = createSecretKey(random.bytes(32));
const NONCE = random.bytes(12);
const AAD = random.bytes(16);

function sealNatively(gcm: NativeGcm, text: Buffer, step = text.length || 1): Buffer {
  const out = Buffer.alloc(text.length + 16);
  gcm.begin(NONCE, AAD);
  for (let at = 0; at < text.length; at += step) gcm.update(text.subarray(at, at + step), out.subarray(at));
  gcm.end(out.subarray(text.length));
  return out;
}

describe('AES-256-GCM by OpenSSL', () => {
  it('is what node:crypto makes, for each length and cut', () => {
    const gcm = new NativeGcm(openssl, KEY);
    for (const length of [0, 1, 15, 16, 17, 300, 65_536, 300_000]) {
      const text = random.bytes(length);
      const expected = seal(KEY, NONCE, AAD, text);
      expect(sealNatively(gcm, text).equals(expected)).toBe(true);
      expect(sealNatively(gcm, text, 1 + random.int(1, 5000)).equals(expected)).toBe(true);
    }
  });

  it('opens what node:crypto sealed, and nothing that was changed', () => {
    const gcm = new NativeGcm(openssl, KEY);
    const text = random.bytes(100);
    const sealed = seal(KEY, NONCE, AAD, text);
    for (let flip = -1; flip < sealed.length; flip++) {
      const bytes = Buffer.from(sealed);
      if (flip >= 0) bytes[flip] ^= 1 << random.int(0, 7);
      const out = Buffer.alloc(100);
      const opening = gcm.open(NONCE, AAD);
      opening.update(bytes.subarray(0, 40), out);
      opening.update(bytes.subarray(40, 100), out.subarray(40));
      expect(opening.verify(bytes.subarray(100))).toBe(flip < 0);
      if (flip < 0) expect(out.equals(text)).toBe(true);
    }
  });

  it('has several texts of a key open at once', () => {
    const gcm = new NativeGcm(openssl, KEY);
    const texts = Array.from({ length: 10 }, () => random.bytes(50));
    const sealed = texts.map((text) => sealNatively(gcm, text));
    for (let round = 0; round < 3; round++) {
      const openings = texts.map(() => gcm.open(NONCE, AAD));
      const outs = texts.map(() => Buffer.alloc(50));
      for (const [i, opening] of openings.entries()) opening.update(sealed[i].subarray(0, 20), outs[i]);
      for (const [i, opening] of openings.entries()) {
        opening.update(sealed[i].subarray(20, 50), outs[i].subarray(20));
      }
      expect(openings.map((opening, i) => opening.verify(sealed[i].subarray(50)))).not.toContain(false);
      expect(outs).toEqual(texts);
    }
  });

  it('writes nowhere but where there is room', () => {
    const gcm = new NativeGcm(openssl, KEY);
    const text = Buffer.alloc(64);
    expect(codeOf(() => gcm.update(text, Buffer.alloc(64)))).toBe('ERR_INTERNAL');
    expect(codeOf(() => gcm.begin(Buffer.alloc(11), AAD))).toBe('ERR_INTERNAL');
    gcm.begin(NONCE, AAD);
    expect(codeOf(() => gcm.update(text, Buffer.alloc(63)))).toBe('ERR_INTERNAL');
    expect(codeOf(() => gcm.end(Buffer.alloc(15)))).toBe('ERR_INTERNAL');
    expect(codeOf(() => gcm.open(Buffer.alloc(13), AAD))).toBe('ERR_INTERNAL');
    const opening = gcm.open(NONCE, AAD);
    expect(codeOf(() => opening.update(text, Buffer.alloc(63)))).toBe('ERR_INTERNAL');
    expect(codeOf(() => opening.verify(Buffer.alloc(15)))).toBe('ERR_INTERNAL');
    expect(opening.verify(Buffer.alloc(16))).toBe(false);
    expect(codeOf(() => opening.verify(Buffer.alloc(16)))).toBe('ERR_INTERNAL');
    expect(codeOf(() => opening.update(text, Buffer.alloc(64)))).toBe('ERR_INTERNAL');
    expect(codeOf(() => new NativeGcm(openssl, createSecretKey(Buffer.alloc(16))))).toBe('ERR_INTERNAL');
  });
});

describe('AES-256 blocks by OpenSSL', () => {
  it('are those of node:crypto, both ways', () => {
    const key = random.bytes(32);
    const [there, back] = [
      new NativeBlocks(openssl, key, 'encrypt'),
      new NativeBlocks(openssl, key, 'decrypt'),
    ];
    const reference = new BlockCipher(createSecretKey(key));
    for (let i = 0; i < 50; i++) {
      const [block, sealed, opened] = [random.bytes(16), Buffer.alloc(16), Buffer.alloc(16)];
      there.convert(block, sealed);
      expect(sealed.equals(reference.encrypt(block))).toBe(true);
      back.convert(sealed, opened);
      expect(opened.equals(block)).toBe(true);
    }
    expect(codeOf(() => there.convert(Buffer.alloc(15), Buffer.alloc(16)))).toBe('ERR_INTERNAL');
    expect(codeOf(() => there.convert(Buffer.alloc(16), Buffer.alloc(15)))).toBe('ERR_INTERNAL');
    expect(codeOf(() => new NativeBlocks(openssl, Buffer.alloc(16), 'encrypt'))).toBe('ERR_INTERNAL');
  });
});

describe('what seals the records of a thread', () => {
  it('is OpenSSL once it was found, and agrees', () => {
    const before = nativeOpenSsl();
    expect(useOpenSsl(openssl)).toBe(true);
    expect(nativeOpenSsl()).toBe(openssl);
    expect(useOpenSsl({ ...openssl, EVP_EncryptUpdate: () => 1 })).toBe(false);
    expect(nativeOpenSsl()).toBeNull();
    expect(useOpenSsl(undefined)).toBe(false);
    // Other tests of this thread go on with what they had.
    useOpenSsl(before ?? undefined);
    expect(nativeOpenSsl()).toBe(before);
  });

  it.each<[string, Partial<OpenSsl>]>([
    ['fails', { EVP_EncryptUpdate: () => 0 }],
    [
      'throws',
      {
        EVP_aes_256_gcm: () => {
          throw new Error('gone');
        },
      },
    ],
    ['has no memory', { EVP_CIPHER_CTX_new: () => 0n }],
    ['writes nothing', { EVP_EncryptUpdate: () => 1 }],
    ['accepts each tag', { EVP_DecryptFinal_ex: () => 1 }],
    ['accepts no tag', { EVP_DecryptFinal_ex: () => 0 }],
  ])('is not one that %s', (_what, changes) => {
    expect(agrees(openssl)).toBe(true);
    expect(agrees({ ...openssl, ...changes })).toBe(false);
  });

  it('takes nonces, keys and additional data as node:crypto does', () => {
    const sealed = sealNatively(new NativeGcm(openssl, KEY), Buffer.from('text'));
    expect(open(KEY, NONCE, AAD, sealed)?.toString()).toBe('text');
    expect(open(KEY, NONCE, random.bytes(16), sealed)).toBeUndefined();
  });
});
