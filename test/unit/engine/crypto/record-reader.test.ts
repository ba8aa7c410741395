import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { RecordKind } from '../../../../src-main/engine/crypto/record.ts';
import { RecordOpener } from '../../../../src-main/engine/crypto/record-opener.ts';
import { RecordReader } from '../../../../src-main/engine/crypto/record-reader.ts';
import { RecordSealer } from '../../../../src-main/engine/crypto/record-sealer.ts';
import { findOpenSsl } from '../../../../src-main/engine/native/openssl-library.ts';
import { codeOf } from '../../../support/codes.ts';
import { cutRandomly, Seeded } from '../../../support/seeded.ts';

const SECRET = Buffer.alloc(32, 0x42);
const openssl = (await findOpenSsl()) ?? null;
const ciphers = { opening: openssl };
const sealer = new RecordSealer(SECRET);
const bytesOf = (kind: RecordKind, seq: number, plain: Buffer): Buffer =>
  Buffer.concat(sealer.seal(kind, seq, [plain], plain.length).parts);

interface Got {
  kind: RecordKind;
  seq: number;
  text: string;
}

function setUp(wanted: (seq: number) => boolean = () => true) {
  const got: Got[] = [];
  const asked: string[] = [];
  const opener = new RecordOpener(SECRET, ciphers.opening);
  const begin = vi.spyOn(opener, 'begin');
  const openSmall = vi.spyOn(opener, 'openSmall');
  const reader = new RecordReader(opener, {
    wants: (kind, seq, length) => {
      asked.push(`${kind} ${seq} ${length}`);
      return wanted(seq);
    },
    onRecord: (kind, seq, pieces) => got.push({ kind, seq, text: Buffer.concat(pieces).toString('latin1') }),
  });
  return { got, asked, reader, begin, openSmall };
}

const RECORDS: Got[] = [
  { kind: 0, seq: 0, text: 'first' },
  { kind: 1, seq: 0, text: '' },
  { kind: 0, seq: 1, text: 'x'.repeat(50) },
];
const FLOW = Buffer.concat(RECORDS.map(({ kind, seq, text }) => bytesOf(kind, seq, Buffer.from(text))));

describe.each([
  ['node:crypto', null],
  ['OpenSSL', openssl],
])('RecordReader by %s', (_way, opening) => {
  beforeEach(() => {
    ciphers.opening = opening;
  });

  it('reads records wherever the flow is cut in two', () => {
    for (let at = 0; at <= FLOW.length; at++) {
      const { got, reader } = setUp();
      reader.push(FLOW.subarray(0, at));
      reader.push(FLOW.subarray(at));
      expect(got).toEqual(RECORDS);
      expect(reader.atBoundary).toBe(true);
    }
  });

  it('byte by byte, and in three random pieces, and with empty ones', () => {
    const random = new Seeded(2);
    for (let run = 0; run < 200; run++) {
      const { got, reader } = setUp();
      for (const piece of cutRandomly(FLOW, random, run === 0 ? 1 : 70)) {
        reader.push(piece);
        reader.push(Buffer.alloc(0));
      }
      expect(got).toEqual(RECORDS);
    }
  });

  it('reads a large record, cut at random', () => {
    const random = new Seeded(3);
    const plain = random.bytes(200_000);
    const bytes = bytesOf(0, 9, plain);
    for (let run = 0; run < 10; run++) {
      const { got, reader } = setUp();
      for (const piece of cutRandomly(bytes, random, 30_000)) reader.push(piece);
      expect(got.map(({ seq }) => seq)).toEqual([9]);
      expect(got[0].text === plain.toString('latin1')).toBe(true);
    }
  });

  it('knows when the flow may end', () => {
    const first = bytesOf(0, 0, Buffer.from('first'));
    for (let n = 0; n <= first.length; n++) {
      const { reader } = setUp();
      reader.push(first.subarray(0, n));
      expect(reader.atBoundary).toBe(n === 0 || n === first.length);
    }
  });

  it('delivers nothing of a record that is cut short (I3)', () => {
    const record = bytesOf(0, 0, Buffer.from('never to be seen'));
    for (let n = 0; n < record.length; n++) {
      const { got, reader } = setUp();
      reader.push(record.subarray(0, n));
      expect(got).toEqual([]);
    }
  });

  it('refuses every flipped bit, and delivers nothing of it nor after it (I3)', () => {
    const record = bytesOf(0, 0, Buffer.from('seven b'));
    const next = bytesOf(0, 1, Buffer.from('next'));
    for (let bit = 0; bit < record.length * 8; bit++) {
      const bad = Buffer.from(record);
      bad[bit >> 3] ^= 1 << (bit & 7);
      const { got, reader } = setUp();
      expect(codeOf(() => reader.push(Buffer.concat([bad, next])))).toBe('ERR_RECORD');
      expect(got).toEqual([]);
    }
  });

  it('refuses a bit flipped in a large record whose pieces came long before the tag', () => {
    const record = bytesOf(0, 0, Buffer.alloc(100_000, 1));
    record[50_000] ^= 0x10;
    const { got, reader } = setUp();
    for (let at = 0; at < record.length - 1; at += 1000) {
      reader.push(record.subarray(at, Math.min(record.length - 1, at + 1000)));
    }
    expect(got).toEqual([]);
    expect(codeOf(() => reader.push(record.subarray(-1)))).toBe('ERR_RECORD');
    expect(got).toEqual([]);
  });

  it('refuses a record under the header of another', () => {
    const [a, b] = [bytesOf(0, 0, Buffer.from('aaaa')), bytesOf(0, 1, Buffer.from('bbbb'))];
    const { got, reader } = setUp();
    expect(codeOf(() => reader.push(Buffer.concat([a.subarray(0, 16), b.subarray(16)])))).toBe('ERR_RECORD');
    expect(got).toEqual([]);
  });

  it('skips what is not wanted, without decrypting it, and goes on behind it', () => {
    const flow = [0, 1, 2, 3].map((seq) => bytesOf(0, seq, Buffer.from(`record ${seq}`)));
    for (const longest of [1, 7, 1000]) {
      const { got, asked, reader, begin, openSmall } = setUp((seq) => seq === 0 || seq === 3);
      for (const piece of cutRandomly(Buffer.concat(flow), new Seeded(longest), longest)) reader.push(piece);
      expect(got.map(({ text }) => text)).toEqual(['record 0', 'record 3']);
      expect(asked).toEqual(['0 0 8', '0 1 8', '0 2 8', '0 3 8']);
      expect(begin.mock.calls.length + openSmall.mock.calls.length).toBe(2);
    }
  });

  it('lets an error of its user through', () => {
    const reader = new RecordReader(new RecordOpener(SECRET, ciphers.opening), {
      wants: () => {
        throw new RangeError('no room');
      },
      onRecord: () => expect.unreachable(),
    });
    expect(() => reader.push(FLOW)).toThrow('no room');
  });

  it('random bytes are ERR_RECORD once they make a header', () => {
    const random = new Seeded(4);
    for (let run = 0; run < 500; run++) {
      const { got, reader } = setUp();
      expect(codeOf(() => reader.push(random.bytes(15)))).toBeUndefined();
      expect(codeOf(() => reader.push(random.bytes(1)))).toBe('ERR_RECORD');
      expect(got).toEqual([]);
    }
  });
});
