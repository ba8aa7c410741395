import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyScanner } from '../../../../src-main/engine/server/body-scan.ts';

interface Walk {
  taken: number;
  content: string;
  done: boolean;
  broken: boolean;
}

function walk(body: BodyScanner, pieces: readonly Buffer[]): Walk {
  let taken = 0;
  let content = '';
  for (const piece of pieces) {
    const size = body.take(piece, (bytes) => {
      content += bytes.toString('latin1');
    });
    taken += size;
    if (size < piece.length) break;
  }
  return { taken, content, done: body.done, broken: body.broken };
}

const chunked = (text: string): Walk =>
  walk(new BodyScanner({ kind: 'chunked' }), [Buffer.from(text, 'latin1')]);

describe('a body with a length', () => {
  it('ends after its bytes', () => {
    const body = new BodyScanner({ kind: 'length', bytes: 5 });
    expect(walk(body, [Buffer.from('abc'), Buffer.from('defgh')])).toEqual({
      taken: 5,
      content: 'abcde',
      done: true,
      broken: false,
    });
    expect(body.take(Buffer.from('more'))).toBe(0);
  });

  it('is done at once when there is none', () => {
    expect(new BodyScanner({ kind: 'none' }).done).toBe(true);
    expect(new BodyScanner({ kind: 'opaque' })).toMatchObject({ done: false, broken: true });
  });
});

describe('a body in chunks', () => {
  it.each([
    ['0\r\n\r\n', ''],
    ['3\r\nabc\r\n0\r\n\r\n', 'abc'],
    ['03\r\nabc\r\nA;x="y"\r\n0123456789\r\n0\r\n\r\n', 'abc0123456789'],
    ['1\r\n\r\r\n0\r\nX: 1\r\nY: 2\r\n\r\n', '\r'],
  ])('%j', (text, content) => {
    expect(chunked(`${text}GET /`)).toEqual({ taken: text.length, content, done: true, broken: false });
    expect(chunked(text.slice(0, -1))).toMatchObject({ done: false, broken: false });
  });

  it.each([
    'x\r\n',
    '\r\n',
    '3 \r\n',
    '-3\r\n',
    '3\n',
    '3\rabc',
    '3\r\nabcX',
    '3\r\nabc\rX',
    '3;a\n',
    '0\r\n\n',
    '0\r\nX: 1\n',
    '0\r\n\rX',
    `${'1'.repeat(13)}\r\n`,
  ])('%j is broken', (text) => {
    expect(chunked(text)).toMatchObject({ broken: true, done: false });
  });

  it('is the same however it is cut', () => {
    const part = fc.string({ maxLength: 20 }).map((text) => Buffer.from(text, 'utf8').toString('latin1'));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), fc.integer({ min: 1, max: 7 }), (parts, size) => {
        const chunks = parts.filter((text) => text.length > 0);
        const coded = chunks.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join('');
        const bytes = Buffer.from(`${coded}0\r\n\r\nnext`, 'latin1');
        const pieces: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
        expect(walk(new BodyScanner({ kind: 'chunked' }), pieces)).toEqual({
          taken: bytes.length - 4,
          content: chunks.join(''),
          done: true,
          broken: false,
        });
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
