import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_RECORD_PLAIN,
  RECORD_HEADER,
  RECORD_OVERHEAD,
  RECORD_TAG,
  type RecordKind,
} from '../../../../src-main/engine/crypto/record.ts';
import { RecordOpener } from '../../../../src-main/engine/crypto/record-opener.ts';
import { RecordSealer } from '../../../../src-main/engine/crypto/record-sealer.ts';
import { findOpenSsl } from '../../../../src-main/engine/native/openssl-library.ts';
import { Seeded } from '../../../support/seeded.ts';

const SECRET = Buffer.from(Array.from({ length: 32 }, (_, i) => i));
const REKEY = 2 ** 20;

function sealed(sealer: RecordSealer, kind: RecordKind, seq: number, ...parts: Buffer[]): Buffer {
  const record = sealer.seal(
    kind,
    seq,
    parts,
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  const bytes = Buffer.concat(record.parts);
  expect(record).toMatchObject({ kind, seq, bytes: bytes.length });
  return bytes;
}

/** Opens one whole record; undefined when its header or its tag is wrong. */
function opened(
  opener: RecordOpener,
  bytes: Buffer,
): { seq: number; kind: number; plain: Buffer } | undefined {
  const header = opener.header(bytes.subarray(0, RECORD_HEADER));
  if (header === undefined || header.length + RECORD_OVERHEAD !== bytes.length) return undefined;
  const opening = opener.begin(header);
  const pieces: Buffer[] = [];
  opening.update(bytes.subarray(RECORD_HEADER, -RECORD_TAG), pieces);
  if (!opening.verify(bytes.subarray(-RECORD_TAG))) return undefined;
  return { seq: header.seq, kind: header.kind, plain: Buffer.concat(pieces) };
}

const openssl = (await findOpenSsl()) ?? null;
/** What seals, and what opens. */
const WAYS = [
  ['node:crypto', null, null],
  ['OpenSSL', openssl, openssl],
  ['OpenSSL, opened by node:crypto', openssl, null],
  ['node:crypto, opened by OpenSSL', null, openssl],
] as const;

it('OpenSSL can be called here', () => expect(openssl).not.toBeNull());

describe.each(WAYS)('records sealed by %s', (_ways, sealing, opening) => {
  // Header | ciphertext | tag, made by a separate program from the specification.
  it.each<[string, RecordKind, number, string, string]>([
    [
      'reliable 0',
      0,
      0,
      'culvert',
      '5f62f6411367463255088953c1491fa0 9e915cc163e71d dcbeb2b2be175f55240ac2c31ee4bdb0',
    ],
    ['reliable 1, empty', 0, 1, '', '865b2d5505b224ee9518e427011de3c6 9def8b94baf0af80f758333aa7b48f4a'],
    [
      'control 0',
      1,
      0,
      'culvert',
      '988a96207206487bbaca6d046a53282a bad3ccb1e882fc 0319d2608352de001cc178653f9ff8ba',
    ],
    [
      'the last of a key',
      0,
      REKEY - 1,
      'culvert',
      'a78afd8a70f6a5dced67057b902f76e6 56118ced8c4ebc 04391d47f68a3d5f0625ee31d00d030b',
    ],
    [
      'the first of the next key',
      0,
      REKEY,
      'culvert',
      'cd4a50d5d567972a0813ba6467cd172c 501d35128bc558 007e3c30229463adb40a1a9b9c27fece',
    ],
    [
      'control 2^40 + 7',
      1,
      2 ** 40 + 7,
      'culvert',
      '5b29f662d75f07c87115a5f38f474f98 e4c70772508a9e 5972e93db1bdaa09c0777c91db629fd1',
    ],
  ])('%s', (_name, kind, seq, text, hex) => {
    const bytes = sealed(new RecordSealer(SECRET, sealing), kind, seq, Buffer.from(text));
    expect(bytes.toString('hex')).toBe(hex.replaceAll(' ', ''));
    expect(opened(new RecordOpener(SECRET, opening), bytes)).toEqual({ kind, seq, plain: Buffer.from(text) });
  });

  it('are the same however the plaintext is cut, small and large', () => {
    const random = new Seeded(1);
    for (const length of [1, 100, 8191, 8192, 8193, 30_000]) {
      const plain = random.bytes(length);
      const whole = sealed(new RecordSealer(SECRET, sealing), 0, 3, plain);
      for (let run = 0; run < 10; run++) {
        const [a, b] = [random.int(0, length), random.int(0, length)].sort((x, y) => x - y);
        const parts = [plain.subarray(0, a), plain.subarray(a, b), plain.subarray(b)];
        expect(sealed(new RecordSealer(SECRET, sealing), 0, 3, ...parts).equals(whole)).toBe(true);
      }
    }
  });

  it('do not change with the plaintext buffer or with later records', () => {
    const sealer = new RecordSealer(SECRET, sealing);
    for (const length of [20, 20_000]) {
      const plain = Buffer.alloc(length, 1);
      const record = sealer.seal(0, length, [plain.subarray(0, 5), plain.subarray(5)], length);
      const before = Buffer.concat(record.parts);
      plain.fill(2);
      sealed(sealer, 0, length + 1, Buffer.alloc(length, 3));
      sealed(sealer, 1, 0, Buffer.alloc(length, 4), Buffer.alloc(7));
      expect(Buffer.concat(record.parts).equals(before)).toBe(true);
    }
  });

  it('read back for any number, kind and content', () => {
    const sealer = new RecordSealer(SECRET, sealing);
    const opener = new RecordOpener(SECRET, opening);
    fc.assert(
      fc.property(
        fc.constantFrom<RecordKind>(0, 1),
        fc.maxSafeNat(),
        fc.uint8Array({ maxLength: 200 }),
        (kind, seq, content) => {
          const plain = Buffer.from(content);
          expect(opened(opener, sealed(sealer, kind, seq, plain))).toEqual({ kind, seq, plain });
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  it('go on across the change of keys, and older records open after newer ones', () => {
    const sealer = new RecordSealer(SECRET, sealing);
    const opener = new RecordOpener(SECRET, opening);
    const numbers = [REKEY - 2, REKEY - 1, REKEY, REKEY + 1, 2 * REKEY - 1, 2 * REKEY, 5 * REKEY];
    const records = numbers.map((seq) => sealed(sealer, 0, seq, Buffer.from(`${seq}`)));
    for (const order of [records, records.toReversed(), [...records, ...records]]) {
      for (const bytes of order) {
        const found = opened(opener, bytes);
        expect(found?.plain.toString()).toBe(`${found?.seq}`);
      }
    }
  });

  it('have other keys for each kind, generation and direction', () => {
    // The key stream shows in the ciphertext of zeros: the same nonce under two keys gives two of them.
    const zeros = Buffer.alloc(64);
    const body = (sealer: RecordSealer, kind: RecordKind, seq: number): string =>
      sealed(sealer, kind, seq, zeros).subarray(RECORD_HEADER, -RECORD_TAG).toString('hex');
    const sealer = new RecordSealer(SECRET, sealing);
    const other = new RecordSealer(Buffer.alloc(32, 1), sealing);
    const bodies = [body(sealer, 0, 0), body(sealer, 1, 0), body(sealer, 0, REKEY), body(other, 0, 0)];
    expect(new Set(bodies).size).toBe(4);
    const header = (s: RecordSealer): string => sealed(s, 0, 0).subarray(0, RECORD_HEADER).toString('hex');
    expect(header(sealer)).not.toBe(header(other));
  });

  it('of another secret are refused by their header', () => {
    const opener = new RecordOpener(Buffer.alloc(32, 1), opening);
    expect(opener.header(sealed(new RecordSealer(SECRET, sealing), 0, 0).subarray(0, 16))).toBeUndefined();
  });

  it('hold at most a record', () => {
    const sealer = new RecordSealer(SECRET, sealing);
    expect(() => sealer.seal(0, 0, [Buffer.alloc(MAX_RECORD_PLAIN + 1)], MAX_RECORD_PLAIN + 1)).toThrow(
      RangeError,
    );
    const plain = Buffer.alloc(MAX_RECORD_PLAIN, 7);
    expect(opened(new RecordOpener(SECRET, opening), sealed(sealer, 0, 0, plain))?.plain.equals(plain)).toBe(
      true,
    );
  });
});

describe.each(WAYS.slice(0, 2))('the memory of a record of %s', (_way, sealing) => {
  const LENGTH = 100_000;
  const make = () => new RecordSealer(SECRET, sealing).seal(0, 0, [Buffer.alloc(LENGTH, 5)], LENGTH);
  const bytesOf = (record: { parts: readonly Buffer[] }): number =>
    record.parts.reduce((sum, part) => sum + part.length, 0);

  it('is given back once it is retired and no carrier sends it', () => {
    const record = make();
    record.handedOver();
    record.written();
    expect(bytesOf(record)).toBe(record.bytes);
    record.retire();
    // Without ArrayBuffer.transfer it is left to the collector.
    // What is small is never worth it.
    const given = bytesOf(record);
    const next = make();
    if (sealing === null) expect(given === record.bytes || given < 40_000).toBe(true);
    // A slab that was given back is the next one to be lent.
    else expect(record.parts.some((part) => part.buffer === next.parts[0].buffer)).toBe(true);
  });

  it('is not given back while any carrier may still be sending it', () => {
    const record = make();
    record.handedOver();
    record.handedOver();
    record.written();
    record.retire();
    expect(bytesOf(record)).toBe(record.bytes);
  });
});

describe.each(WAYS.slice(0, 2))('a header by %s', (_way, sealing, opening) => {
  const key = Buffer.from(hkdfSync('sha256', SECRET, Buffer.alloc(0), 'culvert/1 header', 32));
  const block = (hex: string): Buffer =>
    createCipheriv('aes-256-ecb', key, null)
      .setAutoPadding(false)
      .update(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  const read = (hex: string) => new RecordOpener(SECRET, opening).header(block(hex));

  it('is number, length, kind and zeros', () => {
    const bytes = sealed(new RecordSealer(SECRET, sealing), 1, 0x0102_0304_0506, Buffer.alloc(0x0789));
    const plain = createDecipheriv('aes-256-ecb', key, null)
      .setAutoPadding(false)
      .update(bytes.subarray(0, 16));
    expect(plain.toString('hex')).toBe('0000010203040506' + '000789' + '01' + '00000000');
  });

  it.each([
    ['with the last kind', '0000000000000000 000001 01 00000000', true],
    ['of an unknown kind', '0000000000000000 000001 02 00000000', false],
    ['with the highest number', '001fffffffffffff 000001 00 00000000', true],
    ['with a number beyond 2^53', '0020000000000000 000001 00 00000000', false],
    ['with the longest record', '0000000000000000 041000 00 00000000', true],
    ['with a longer record', '0000000000000000 041001 00 00000000', false],
    ['without its zeros', '0000000000000000 000001 00 00000001', false],
    ['without its zeros, high', '0000000000000000 000001 00 80000000', false],
  ])('%s', (_name, hex, good) => {
    expect(read(hex) !== undefined).toBe(good);
  });
});
