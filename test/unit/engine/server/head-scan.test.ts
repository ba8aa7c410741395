import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  HeadScanner,
  type RequestHead,
  type ScanResult,
} from '../../../../src-main/engine/server/head-scan.ts';

const MAX = 1024;

function scan(text: string, max = MAX): ScanResult {
  return new HeadScanner(max).push(Buffer.from(text, 'latin1'));
}

function headOf(headers: readonly string[], line = 'POST /p HTTP/1.1'): RequestHead {
  const result = scan([line, ...headers, '', ''].join('\r\n'));
  if (result.kind !== 'head') throw new Error(result.kind);
  return result.head;
}

describe('a request head', () => {
  it('is found with its length, its order and its case', () => {
    const text = 'GET /a?b#c HTTP/1.1\r\nhOst: a:1\r\nX:\t two words \r\nEmpty:\r\nX: again\r\n\r\n';
    const result = scan(`${text}body`);
    expect(result).toMatchObject({
      kind: 'head',
      taken: text.length,
      head: {
        method: 'GET',
        target: '/a?b#c',
        version: '1.1',
        rawHeaders: ['hOst', 'a:1', 'X', 'two words', 'Empty', '', 'X', 'again'],
        body: { kind: 'none' },
        upgrade: false,
        bytes: Buffer.from(text),
      },
    });
  });

  it('may have no headers and be HTTP/1.0', () => {
    expect(headOf([], 'GET / HTTP/1.0')).toMatchObject({
      version: '1.0',
      rawHeaders: [],
      body: { kind: 'none' },
    });
  });

  it.each([
    [['Content-Length: 5'], { kind: 'length', bytes: 5 }],
    [['content-length:\t05 '], { kind: 'length', bytes: 5 }],
    [['Content-Length: 0'], { kind: 'none' }],
    [['Transfer-Encoding: Chunked'], { kind: 'chunked' }],
    [['Content-Length: 5', 'Content-Length: 5'], { kind: 'opaque' }],
    [['Content-Length: 5, 5'], { kind: 'opaque' }],
    [['Content-Length: +5'], { kind: 'opaque' }],
    [['Content-Length: 0x5'], { kind: 'opaque' }],
    [['Content-Length:'], { kind: 'opaque' }],
    [['Content-Length: 9999999999999999'], { kind: 'opaque' }],
    [['Content-Length: 5\u00a0'], { kind: 'opaque' }],
    [['Transfer-Encoding: chunked', 'Content-Length: 5'], { kind: 'opaque' }],
    [['Transfer-Encoding: gzip, chunked'], { kind: 'opaque' }],
    [['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], { kind: 'opaque' }],
  ])('%j has a body of %j', (headers, body) => {
    expect(headOf(headers).body).toEqual(body);
  });

  it('trusts no chunks in HTTP/1.0 and no body of CONNECT', () => {
    expect(headOf(['Transfer-Encoding: chunked'], 'POST / HTTP/1.0').body).toEqual({ kind: 'opaque' });
    expect(headOf([], 'CONNECT a:1 HTTP/1.1').body).toEqual({ kind: 'opaque' });
  });

  it.each([
    [['Connection: Upgrade', 'Upgrade: websocket'], true],
    [['connection: keep-alive , UPGRADE', 'upgrade: x'], true],
    [['Connection: keep-alive', 'Connection: upgrade', 'Upgrade: x'], true],
    [['Connection: upgrade'], false],
    [['Upgrade: websocket'], false],
    [['Connection: upgrades', 'Upgrade: x'], false],
  ])('%j: an upgrade is %s', (headers, upgrade) => {
    expect(headOf(headers).upgrade).toBe(upgrade);
  });

  it('says when the client expects something', () => {
    expect(headOf(['Expect: 100-continue']).expects).toBe(true);
    expect(headOf([]).expects).toBe(false);
  });
});

describe('what is no plain HTTP/1.x', () => {
  it.each([
    '\r\nGET / HTTP/1.1\r\n',
    ' GET / HTTP/1.1\r\n',
    'G(T / HTTP/1.1\r\n',
    'GET  / HTTP/1.1\r\n',
    'GET / HTTP/1.1 \r\n',
    'GET / HTTP/1.2\r\n',
    'GET / HTTP/2.0\r\n',
    'GET / http/1.1\r\n',
    'GET / HTTP/1.11',
    'GET /\r\n',
    'GET /\u00e9 HTTP/1.1\r\n',
    'GET /\0 HTTP/1.1\r\n',
    'GET / HTTP/1.1\n',
    'GET / HTTP/1.1\rX',
    'GET / HTTP/1.1\r\nA: b\n',
    'GET / HTTP/1.1\r\nA: b\rc',
    'GET / HTTP/1.1\r\n A: b\r\n',
    'GET / HTTP/1.1\r\nA : b\r\n',
    'GET / HTTP/1.1\r\n: b\r\n',
    'GET / HTTP/1.1\r\nA\r\n',
    'GET / HTTP/1.1\r\nA: b\r\n folded\r\n',
    'GET / HTTP/1.1\r\nA: \x7f\r\n',
    'GET / HTTP/1.1\r\nA: \x01\r\n',
    'GET / HTTP/1.1\r\n\rX',
    `${'M'.repeat(33)} / HTTP/1.1\r\n`,
    '\x16\x03\x01\x00',
  ])('%j is opaque at once', (text) => {
    expect(scan(text)).toEqual({ kind: 'opaque' });
  });

  it('a head that is too long', () => {
    const text = `GET / HTTP/1.1\r\nA: ${'b'.repeat(MAX)}`;
    expect(scan(text.slice(0, MAX))).toEqual({ kind: 'more' });
    expect(scan(text.slice(0, MAX + 1))).toEqual({ kind: 'opaque' });
    const fits = `${text.slice(0, MAX - 4)}\r\n\r\n`;
    expect(scan(fits).kind).toBe('head');
    expect(scan(fits, MAX - 1).kind).toBe('opaque');
  });
});

describe('however it is cut', () => {
  const cuts = fc.array(fc.nat(400), { maxLength: 12 });
  const texts = fc.oneof(
    fc.constantFrom(
      'GET / HTTP/1.1\r\nHost: a\r\nCookie: b=1; c=2\r\n\r\nrest of it',
      'POST /x HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc',
      'GET / HTTP/1.1\r\nHost: a\r\n broken\r\n\r\n',
    ),
    fc.stringMatching(/^[GET/HP1.\r\n: ab]{0,60}$/),
  );

  it('gives what it gives in one piece', () => {
    const run = (chunks: Buffer[]): unknown => {
      const scanner = new HeadScanner(MAX);
      let passed = 0;
      for (const chunk of chunks) {
        const result = scanner.push(chunk);
        if (result.kind === 'opaque') return 'opaque';
        if (result.kind === 'head') return [passed + result.taken, result.head];
        passed += chunk.length;
        expect(scanner.size).toBe(passed);
      }
      return scanner.taken().toString('latin1');
    };
    fc.assert(
      fc.property(texts, cuts, (text, at) => {
        const bytes = Buffer.from(text, 'latin1');
        const marks = [...new Set([0, ...at.filter((cut) => cut < bytes.length), bytes.length])].sort(
          (a, b) => a - b,
        );
        const pieces = marks.slice(1).map((end, i) => bytes.subarray(marks[i], end));
        expect(run(pieces)).toEqual(run([bytes]));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('is ready for the next head after one', () => {
    const scanner = new HeadScanner(MAX);
    const bytes = Buffer.from('GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n');
    const first = scanner.push(bytes);
    if (first.kind !== 'head') throw new Error(first.kind);
    expect(scanner.size).toBe(0);
    expect(scanner.push(bytes.subarray(first.taken))).toMatchObject({ kind: 'head', head: { target: '/2' } });
  });
});
