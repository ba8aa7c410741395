import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BlockCipher,
  deriveKey,
  ephemeralsFrom,
  equalBytes,
  generateKeyPair,
  hkdf2,
  hkdf3,
  keyPairFromPrivate,
  maskedPublic,
  newEphemeral,
  noiseNonce,
  open,
  seal,
  sha256,
  x25519,
} from '../../../../src-main/engine/crypto/primitives.ts';

const hex = (text: string) => Buffer.from(text, 'hex');

// RFC 7748 §6.1
const ALICE = hex('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a');
const ALICE_PUBLIC = hex('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a');
const BOB = hex('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb');
const BOB_PUBLIC = hex('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f');
const SHARED = hex('4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742');

describe('X25519', () => {
  it('gives the public keys and the shared secret of RFC 7748 §6.1', () => {
    const alice = keyPairFromPrivate(ALICE);
    const bob = keyPairFromPrivate(BOB);
    expect(alice.publicKey).toEqual(ALICE_PUBLIC);
    expect(bob.publicKey).toEqual(BOB_PUBLIC);
    expect(x25519(alice.privateKey, bob.publicKey)).toEqual(SHARED);
    expect(x25519(bob.privateKey, alice.publicKey)).toEqual(SHARED);
  });

  it('gives the scalar multiplications of RFC 7748 §5.2', () => {
    const cases = [
      [
        'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
        'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
        'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
      ],
      [
        // this one's point has its top bit set
        '4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d',
        'e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493',
        '95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
      ],
    ];
    for (const [scalar, point, product] of cases) {
      expect(x25519(keyPairFromPrivate(hex(scalar)).privateKey, hex(point))).toEqual(hex(product));
    }
  });

  it('refuses points of small order, with the top bit clear or set', () => {
    const { privateKey } = generateKeyPair();
    const points = [
      '0000000000000000000000000000000000000000000000000000000000000000',
      '0100000000000000000000000000000000000000000000000000000000000000',
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    ].map(hex);
    for (const point of points) {
      expect(x25519(privateKey, point)).toBeUndefined();
      point[31] |= 0x80;
      expect(x25519(privateKey, point)).toBeUndefined();
    }
  });

  it('refuses public keys of another length', () => {
    const { privateKey } = generateKeyPair();
    for (const length of [0, 31, 33]) expect(x25519(privateKey, Buffer.alloc(length, 9))).toBeUndefined();
  });

  it('ignores the masked top bit, and masks it at random', () => {
    const own = generateKeyPair();
    const other = generateKeyPair();
    const expected = x25519(own.privateKey, other.publicKey);
    const masked = maskedPublic(other, () => Buffer.of(0xff));
    expect(masked.publicKey[31] & 0x80).toBe(0x80);
    expect(other.publicKey[31] & 0x80).toBe(0);
    expect(x25519(own.privateKey, masked.publicKey)).toEqual(expected);
    expect(maskedPublic(other, () => Buffer.of(0x7f)).publicKey).toEqual(other.publicKey);

    const tops = new Set(Array.from({ length: 64 }, () => newEphemeral().publicKey[31] & 0x80));
    expect(tops).toEqual(new Set([0, 0x80]));
  });

  it('makes the same ephemerals from the same random bytes', () => {
    const seeded = () => {
      let n = 0;
      return ephemeralsFrom((length) => Buffer.alloc(length, ++n));
    };
    const [a, b] = [seeded(), seeded()];
    const first = a().publicKey;
    expect(b().publicKey).toEqual(first);
    expect(a().publicKey).not.toEqual(first);
  });
});

describe('HKDF', () => {
  it('matches RFC 5869, appendix A.3', () => {
    const okm = '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8';
    expect(deriveKey(Buffer.alloc(22, 0x0b), '', 42)).toEqual(hex(okm));
    expect(deriveKey(createSecretKey(Buffer.alloc(22, 0x0b)), '', 42)).toEqual(hex(okm));
  });

  // Noise's HKDF is RFC 5869 with the chaining key as the salt and no info; RFC 5869 takes no salt for 32 zeros.
  it("gives RFC 5869's output in 32-byte pieces (Noise §4.3)", () => {
    const okm = hex('8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8');
    const two = hkdf2(Buffer.alloc(32), Buffer.alloc(22, 0x0b));
    const three = hkdf3(Buffer.alloc(32), Buffer.alloc(22, 0x0b));
    expect(Buffer.concat(two).subarray(0, 42)).toEqual(okm);
    expect(three.slice(0, 2)).toEqual(two);
    expect(Buffer.concat(three)).toEqual(deriveKey(Buffer.alloc(22, 0x0b), '', 96));
  });
});

it('sha256 hashes its parts in a row (FIPS 180-4 "abc")', () => {
  const abc = hex('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(sha256(Buffer.from('a'), Buffer.from(''), Buffer.from('bc'))).toEqual(abc);
});

describe('AES-256-GCM', () => {
  // McGrew & Viega, "The Galois/Counter Mode of Operation", test case 16
  const key = createSecretKey(hex('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308'));
  const nonce = hex('cafebabefacedbaddecaf888');
  const aad = hex('feedfacedeadbeeffeedfacedeadbeefabaddad2');
  const plaintext = hex(
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
      '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
  );
  const sealed = hex(
    '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa' +
      '8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662' +
      '76fc6ece0f4e1768cddf8853bb2d551b',
  );

  it('matches the known answer both ways', () => {
    expect(seal(key, nonce, aad, plaintext)).toEqual(sealed);
    expect(open(key, nonce, aad, sealed)).toEqual(plaintext);
  });

  it('returns undefined for every truncation and every flipped bit', () => {
    for (let length = 0; length < sealed.length; length++) {
      expect(open(key, nonce, aad, sealed.subarray(0, length))).toBeUndefined();
    }
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const bad = Buffer.from(sealed);
      bad[bit >> 3] ^= 1 << (bit & 7);
      expect(open(key, nonce, aad, bad)).toBeUndefined();
    }
    expect(open(key, nonce, aad.subarray(1), sealed)).toBeUndefined();
    expect(open(key, noiseNonce(1n), aad, sealed)).toBeUndefined();
  });

  it('seals and opens an empty plaintext', () => {
    const empty = seal(key, nonce, aad, Buffer.alloc(0));
    expect(empty.length).toBe(16);
    expect(open(key, nonce, aad, empty)).toEqual(Buffer.alloc(0));
  });
});

it('noiseNonce is 4 zero bytes and 64 bits big-endian', () => {
  expect(noiseNonce(0n)).toEqual(Buffer.alloc(12));
  expect(noiseNonce(0x0102030405060708n)).toEqual(hex('000000000102030405060708'));
  expect(noiseNonce(2n ** 64n - 2n)).toEqual(hex('00000000fffffffffffffffe'));
});

describe('BlockCipher', () => {
  // NIST SP 800-38A, F.1.5 and F.1.6 (ECB-AES256)
  const key = createSecretKey(hex('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4'));
  const pairs = [
    ['6bc1bee22e409f96e93d7e117393172a', 'f3eed1bdb5d2a03c064b5a7e3db181f8'],
    ['ae2d8a571e03ac9c9eb76fac45af8e51', '591ccb10d410ed26dc5ba74a31362870'],
    ['30c81c46a35ce411e5fbc1191a0a52ef', 'b6ed21b99ca6f4f9f153e7b1beafed1d'],
    ['f69f2445df4f9b17ad2b417be66c3710', '23304b7a39f9f3ff067d8d8f9e24ecc7'],
  ];

  it('matches SP 800-38A, one block at a time, in any order', () => {
    const cipher = new BlockCipher(key);
    for (const [clear, dark] of pairs) expect(cipher.encrypt(hex(clear))).toEqual(hex(dark));
    for (const [clear, dark] of pairs.toReversed()) expect(cipher.decrypt(hex(dark))).toEqual(hex(clear));
  });

  it('undoes itself', () => {
    const cipher = new BlockCipher(createSecretKey(randomBytes(32)));
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (block) => {
        expect(cipher.decrypt(cipher.encrypt(block))).toEqual(Buffer.from(block));
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('throws on another length and still works afterwards', () => {
    const cipher = new BlockCipher(key);
    const wrong = expect.objectContaining({ code: 'ERR_INTERNAL' });
    for (const length of [0, 15, 17, 32]) {
      expect(() => cipher.encrypt(Buffer.alloc(length))).toThrow(wrong);
      expect(() => cipher.decrypt(Buffer.alloc(length))).toThrow(wrong);
    }
    expect(cipher.encrypt(hex(pairs[0][0]))).toEqual(hex(pairs[0][1]));
    expect(cipher.decrypt(hex(pairs[0][1]))).toEqual(hex(pairs[0][0]));
  });
});

it('equalBytes compares content and length', () => {
  expect(equalBytes(hex('0102'), hex('0102'))).toBe(true);
  expect(equalBytes(hex('0102'), hex('0103'))).toBe(false);
  expect(equalBytes(hex('0102'), hex('010203'))).toBe(false);
});
