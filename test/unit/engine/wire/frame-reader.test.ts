import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  byteFrame,
  creditFrame,
  FRAME,
  MAX_FRAME_PAYLOAD,
  openFrame,
  smallFrame,
} from '../../../../src-main/engine/wire/frame.ts';
import { readFrames } from '../../../../src-main/engine/wire/frame-reader.ts';
import { codeOf } from '../../../support/codes.ts';

const dataFrame = (id: number, text: string): Buffer => smallFrame(FRAME.data, id, Buffer.from(text));

/** What a reader tells. */
function read(pieces: readonly Buffer[]): string[] {
  const told: string[] = [];
  readFrames(pieces, {
    onData: (id, chunks, length) => {
      const bytes = Buffer.concat(chunks);
      expect(length).toBeGreaterThan(0);
      expect(bytes).toHaveLength(length);
      told.push(`4 ${id} ${bytes.toString('hex')}`);
      return true;
    },
    onFrame: (type, id, payload) => told.push(`${type} ${id} ${payload.toString('hex')}`),
  });
  return told;
}

const RECORD = Buffer.concat([
  openFrame(1, 0, 'example', 80),
  dataFrame(1, 'GET / and more'),
  dataFrame(3, 'x'),
  creditFrame(3, 70_000),
  smallFrame(FRAME.data, 5),
  smallFrame(FRAME.fin, 1),
  byteFrame(FRAME.reset, 3, 2),
]);
const WHOLE = read([RECORD]);

describe('readFrames', () => {
  it('hands frames on in order, whole', () => {
    expect(WHOLE).toEqual([
      '1 1 000050076578616d706c65',
      `4 1 ${Buffer.from('GET / and more').toString('hex')}`,
      '4 3 78',
      '5 3 00011170',
      '6 1 ',
      '7 3 02',
    ]);
  });

  it('wherever a record is cut in two, also with empty pieces', () => {
    for (let at = 0; at <= RECORD.length; at++) {
      const [a, b] = [RECORD.subarray(0, at), RECORD.subarray(at)];
      expect(read([a, b])).toEqual(WHOLE);
      expect(read([Buffer.alloc(0), a, Buffer.alloc(0), Buffer.alloc(0), b, Buffer.alloc(0)])).toEqual(WHOLE);
    }
  });

  it('byte by byte', () => {
    expect(read([...RECORD].map((byte) => Buffer.from([byte])))).toEqual(WHOLE);
  });

  it('says whether anything of the record is still in use', () => {
    const kept = (...ids: number[]): boolean =>
      readFrames([RECORD], { onData: (id) => !ids.includes(id), onFrame: () => {} });
    expect([kept(), kept(1), kept(3), kept(1, 3), kept(5)]).toEqual([true, false, false, false, true]);
  });

  it('nothing is no frame', () => {
    expect(read([])).toEqual([]);
    expect(read([Buffer.alloc(0)])).toEqual([]);
  });

  it('DATA is not copied', () => {
    const record = dataFrame(1, 'abcdef');
    readFrames([record], {
      onData: (_id, [chunk]) => {
        expect(chunk.buffer).toBe(record.buffer);
        expect(chunk.byteOffset).toBe(record.byteOffset + 8);
        return true;
      },
      onFrame: () => expect.unreachable(),
    });
    expect.assertions(2);
  });

  it('a record cut short is ERR_FRAME, unless it ends between frames', () => {
    const ends = new Set<number>();
    for (let at = 0; at < RECORD.length; at += 8 + RECORD.readUIntBE(at + 5, 3)) ends.add(at);
    for (let n = 0; n < RECORD.length; n++) {
      expect(codeOf(() => read([RECORD.subarray(0, n)]))).toBe(ends.has(n) ? undefined : 'ERR_FRAME');
    }
  });

  it.each([
    ['type 0', '0000000001000000'],
    ['a type beyond GOAWAY', '0900000001000000'],
    ['type 255', 'ff00000001000000'],
    ['DATA longer than a record', '0400000001040001'],
    ['a length that no record holds', '0100000001ffffff'],
  ])('%s is ERR_FRAME', (_name, hex) => {
    const bytes = Buffer.concat([Buffer.from(hex, 'hex'), Buffer.alloc(MAX_FRAME_PAYLOAD + 8)]);
    expect(codeOf(() => read([bytes]))).toBe('ERR_FRAME');
  });

  it('random bytes give frames or ERR_FRAME, and nothing else', () => {
    const codes = new Set<string | undefined>();
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 }),
        fc.boolean(),
        (pieces, likely) => {
          const buffers = pieces.map((piece) => Buffer.from(piece));
          // Most random headers have a bad type; make the first one plausible half the time.
          if (likely && buffers.length > 0 && buffers[0].length >= 8) {
            buffers[0].set([(buffers[0][0] % 8) + 1, 0, 0, 0, 1, 0, 0, buffers[0][7] % 40]);
          }
          codes.add(codeOf(() => readFrames(buffers, { onData: () => true, onFrame: () => {} })));
        },
      ),
      { seed: 1, numRuns: 3000 },
    );
    expect(codes).toEqual(new Set([undefined, 'ERR_FRAME']));
  });
});
