import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_HEAD_BYTES,
  parseRequestHead,
  parseResponseHead,
  printHead,
} from '../../../../src-main/engine/client/http-head.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('a request head', () => {
  const text = 'GET http://a/b HTTP/1.1\r\nHost: a\r\nX-Odd:\t caf\xe9 \r\nempty:\r\n\r\n';

  it('is the same at every split', () => {
    const message = bytes(`\r\n${text}`);
    for (let length = 0; length < message.length; length++) {
      expect(parseRequestHead(message.subarray(0, length))).toEqual({ kind: 'more' });
    }
    const head = parseRequestHead(Buffer.concat([message, bytes('body')]));
    expect(head).toEqual({
      kind: 'request',
      method: 'GET',
      target: 'http://a/b',
      minor: 1,
      fields: [
        { name: 'Host', value: 'a' },
        { name: 'X-Odd', value: 'caf\xe9' },
        { name: 'empty', value: '' },
      ],
      rest: bytes('body'),
    });
  });

  it('is printed with its bytes', () => {
    const head = parseRequestHead(bytes(text));
    if (head.kind !== 'request') throw new Error(head.kind);
    const printed = printHead('GET /b HTTP/1.1', head.fields).toString('latin1');
    expect(printed).toBe('GET /b HTTP/1.1\r\nHost: a\r\nX-Odd: caf\xe9\r\nempty: \r\n\r\n');
  });

  it.each([
    ['GET / HTTP/1.1\nHost: a\n\n', 400, 'bare LF'],
    ['GET / HTTP/1.1\r\nA: b\rc\r\n\r\n', 400, 'bare CR'],
    ['GET / HTTP/1.1\r\nA: b\r\r\n\r\n', 400, 'CR before CRLF'],
    ['GET / HTTP/1.1\r\nA: b\0c\r\n\r\n', 400, 'NUL'],
    ['GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n', 400, 'obs-fold'],
    ['GET / HTTP/1.1\r\n A: b\r\n\r\n', 400, 'fold after the request line'],
    ['GET / HTTP/1.1\r\nA : b\r\n\r\n', 400, 'space before the colon'],
    ['GET / HTTP/1.1\r\nAb\r\n\r\n', 400, 'no colon'],
    ['GET / HTTP/1.1\r\n: b\r\n\r\n', 400, 'no name'],
    ['GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n', 400, 'two Hosts'],
    ['GET  / HTTP/1.1\r\n\r\n', 400, 'two spaces'],
    ['GET /\r\n\r\n', 400, 'HTTP/0.9'],
    ['GET / http/1.1\r\n\r\n', 400, 'lower case'],
    ['PRI * HTTP/2.0\r\n\r\n', 505, 'HTTP/2'],
  ])('%j is refused with %i: %s', (text, status) => {
    expect(parseRequestHead(bytes(text))).toMatchObject({ kind: 'bad', status });
  });

  it('has a cap, whole or not', () => {
    const start = 'GET / HTTP/1.1\r\nA: ';
    const fit = start + 'a'.repeat(MAX_HEAD_BYTES - start.length - 4);
    expect(parseRequestHead(bytes(`${fit}\r\n\r\n`)).kind).toBe('request');
    expect(parseRequestHead(bytes(`${fit}a\r\n\r\n`))).toMatchObject({ kind: 'bad', status: 431 });
    expect(parseRequestHead(bytes(`${fit}aaaaa`))).toMatchObject({ kind: 'bad', status: 431 });
    expect(parseRequestHead(bytes('\r\n'.repeat(MAX_HEAD_BYTES)))).toMatchObject({ kind: 'bad' });
  });
});

describe('a response head', () => {
  it('is the same at every split', () => {
    const message = bytes('HTTP/1.1 200 OK\r\nA: b\r\n\r\n');
    for (let length = 0; length < message.length; length++) {
      expect(parseResponseHead(message.subarray(0, length))).toEqual({ kind: 'more' });
    }
    expect(parseResponseHead(Buffer.concat([message, bytes('\nbody')]))).toEqual({
      kind: 'response',
      status: 200,
      reason: 'OK',
      minor: 1,
      fields: [{ name: 'A', value: 'b' }],
      rest: bytes('\nbody'),
    });
  });

  it('tolerates what browsers tolerate', () => {
    const head = parseResponseHead(bytes('HTTP/1.0 404\nA : b\n  c\r\njunk\nD: \xa0\n\nx'));
    expect(head).toMatchObject({
      status: 404,
      reason: '',
      minor: 0,
      fields: [
        { name: 'A', value: 'b c' },
        { name: 'D', value: '\xa0' },
      ],
      rest: bytes('x'),
    });
  });

  it.each([
    'SSH-2.0-x\r\n',
    'HTTP/2 200\r\n\r\n',
    'HTTP/1.1 20 OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\nA: \0\r\n\r\n',
  ])('%j is a bad gateway', (text) => {
    expect(parseResponseHead(bytes(text))).toMatchObject({ kind: 'bad', status: 502 });
  });

  it('has a cap', () => {
    const text = `HTTP/1.1 200 OK\r\nA: ${'a'.repeat(MAX_HEAD_BYTES)}`;
    expect(parseResponseHead(bytes(text))).toMatchObject({ kind: 'bad', status: 502 });
  });
});

describe('random bytes', () => {
  const piece = fc.oneof(
    fc.constantFrom('GET / HTTP/1.1', 'HTTP/1.1 200', '\r\n', '\n', '\r', ':', ' ', '\0', 'Host', '\r\n\r\n'),
    fc.uint8Array({ maxLength: 8 }).map((part) => Buffer.from(part).toString('latin1')),
  );
  it('never throw, and what parses at one length parses the same with more behind it', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const all = bytes(pieces.join(''));
        for (const parse of [parseRequestHead, parseResponseHead]) {
          for (let length = 0; length <= all.length; length++) {
            const part = parse(all.subarray(0, length));
            if (part.kind === 'more') continue;
            const full = parse(all);
            expect({ ...full, rest: 0, reason: '' }).toEqual({ ...part, rest: 0, reason: '' });
            break;
          }
        }
      }),
      { seed: 1, numRuns: 1000 },
    );
  });
});
