import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CulvertError } from '../../../../src-main/engine/base/errors.ts';
import {
  type DatagramAddress,
  DatagramReader,
  encodeAddress,
  encodeDatagram,
  encodeDatagramFailure,
  MAX_DATAGRAM,
} from '../../../../src-main/engine/wire/datagram.ts';

type Item =
  | { payload: string; address: DatagramAddress | undefined }
  | { failure: number; address: DatagramAddress | undefined };

function collect(): {
  items: Item[];
  onDatagram: (p: Buffer, a?: DatagramAddress) => void;
  onFailure: (f: number, a?: DatagramAddress) => void;
} {
  const items: Item[] = [];
  return {
    items,
    onDatagram: (payload, address) => void items.push({ payload: payload.toString('hex'), address }),
    onFailure: (failure, address) => void items.push({ failure, address }),
  };
}

function readAll(addressed: boolean, chunks: readonly Buffer[]): Item[] {
  const sink = collect();
  const reader = new DatagramReader(addressed);
  for (const chunk of chunks) {
    // What it keeps must be a copy: the memory of a record is used again.
    const lent = Buffer.from(chunk);
    reader.push(lent, sink);
    lent.fill(0xee);
  }
  return sink.items;
}

const hex = (bytes: Buffer): string => bytes.toString('hex');
const bytesOf = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('datagrams on the wire', () => {
  it.each<[string, Buffer, string]>([
    ['to the target', encodeDatagram(Buffer.from('hi')), '00 0002 6869'],
    ['an empty one', encodeDatagram(Buffer.alloc(0)), '00 0000'],
    [
      'to an IPv4 address',
      encodeDatagram(Buffer.from('hi'), { host: '192.0.2.1', port: 53 }),
      '00 0002 01 c0000201 0035 6869',
    ],
    [
      'to an IPv6 address',
      encodeDatagram(Buffer.from('hi'), { host: '2001:db8::1', port: 443 }),
      '00 0002 04 20010db8000000000000000000000001 01bb 6869',
    ],
    [
      'to a name',
      encodeDatagram(Buffer.from('hi'), { host: 'a.bc', port: 65535 }),
      '00 0002 03 04 612e6263 ffff 6869',
    ],
    ['a refusal', encodeDatagramFailure(2), '01 0001 02'],
    [
      'a name that was not found',
      encodeDatagramFailure(6, { host: 'a', port: 1 }),
      '01 0001 03 01 61 0001 06',
    ],
  ])('%s', (_name, bytes, text) => expect(hex(bytes)).toBe(text.replaceAll(' ', '')));

  it('an address alone is that of RFC 1928', () => {
    expect(hex(encodeAddress({ host: '127.0.0.1', port: 1080 }))).toBe('017f0000010438');
    expect(() => encodeAddress({ host: '', port: 1 })).toThrow(RangeError);
    expect(() => encodeAddress({ host: 'n'.repeat(256), port: 1 })).toThrow(RangeError);
  });

  it('holds 65,507 bytes and no more', () => {
    const longest = Buffer.alloc(MAX_DATAGRAM, 7);
    const address = { host: 'n'.repeat(255), port: 1 };
    expect(readAll(true, [encodeDatagram(longest, address)])).toEqual([{ payload: hex(longest), address }]);
    expect(() => encodeDatagram(Buffer.alloc(MAX_DATAGRAM + 1))).toThrow(RangeError);
  });
});

const address = fc.record({
  host: fc.oneof(
    fc.ipV4(),
    fc.constantFrom('::1', '2001:db8::5', '::ffff:192.0.2.1'),
    fc.domain().filter((name) => name.length < 256),
  ),
  port: fc.integer({ min: 0, max: 65_535 }),
});
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.integer({ min: 0, max: MAX_DATAGRAM }).map((length) => new Uint8Array(length).fill(length & 255)),
);

describe('DatagramReader', () => {
  it.each([true, false])('gives what was written, however it is cut; addressed: %s', (addressed) => {
    const item = fc.record({ payload, address, fails: fc.boolean() });
    const cut = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(item, { maxLength: 6 }), cut, (items, cuts) => {
        const whole = Buffer.concat(
          items.map(({ payload: bytes, address: to, fails }) => {
            const where = addressed ? to : undefined;
            return fails ? encodeDatagramFailure(9, where) : encodeDatagram(Buffer.from(bytes), where);
          }),
        );
        const chunks: Buffer[] = [];
        for (let at = 0, i = 0; at < whole.length; i++) {
          const size = cuts[i % cuts.length];
          chunks.push(whole.subarray(at, at + size));
          at += size;
        }
        expect(readAll(addressed, chunks)).toEqual(
          items.map(({ payload: bytes, address: to, fails }) => {
            const where = addressed ? to : undefined;
            return fails
              ? { failure: 9, address: where }
              : { payload: Buffer.from(bytes).toString('hex'), address: where };
          }),
        );
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('gives the same one byte at a time', () => {
    const whole = Buffer.concat([
      encodeDatagram(Buffer.from('one'), { host: 'example.org', port: 53 }),
      encodeDatagram(Buffer.alloc(0), { host: '::1', port: 1 }),
      encodeDatagramFailure(2, { host: '192.0.2.1', port: 9 }),
    ]);
    const single = Array.from(whole, (byte) => Buffer.from([byte]));
    expect(readAll(true, single)).toEqual(readAll(true, [whole]));
    expect(readAll(true, single)).toHaveLength(3);
  });

  it.each([
    ['an unknown kind', false, '02 0000'],
    ['a datagram that is too long', false, '00 ffe4'],
    ['a failure without a byte', false, '01 0000'],
    ['an unknown type of address', true, '00 0000 02 00'],
    ['an empty name', true, '00 0000 03 00'],
  ])('refuses %s', (_name, addressed, text) => {
    const error = new CulvertError('ERR_FRAME', '');
    expect(() => readAll(addressed, [bytesOf(text)])).toThrow(expect.objectContaining({ code: error.code }));
  });

  it('reads any bytes without another error, and hands on no more than came', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 64 }), { maxLength: 20 }),
        (addressed, chunks) => {
          const bytes = chunks.map((chunk) => Buffer.from(chunk));
          try {
            const items = readAll(addressed, bytes);
            const given = items.reduce(
              (sum, item) => sum + ('payload' in item ? item.payload.length / 2 : 1),
              0,
            );
            expect(given).toBeLessThanOrEqual(Buffer.concat(bytes).length);
          } catch (error) {
            expect(error).toMatchObject({ code: 'ERR_FRAME' });
          }
        },
      ),
      { seed: 1, numRuns: 3000 },
    );
  });
});
