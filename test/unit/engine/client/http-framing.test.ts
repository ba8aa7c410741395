import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BodyTracker,
  type Framing,
  MAX_CHUNK_LINE_BYTES,
  requestFraming,
  responseFraming,
} from '../../../../src-main/engine/client/http-framing.ts';
import { parseRequestHead, parseResponseHead } from '../../../../src-main/engine/client/http-head.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

function ofRequest(fields: string, minor = 1): unknown {
  const head = parseRequestHead(bytes(`POST http://a/ HTTP/1.${minor}\r\n${fields}\r\n`));
  if (head.kind !== 'request') throw new Error(head.kind);
  return requestFraming(head);
}

function ofResponse(fields: string, status = 200, method = 'GET'): unknown {
  const head = parseResponseHead(bytes(`HTTP/1.1 ${status} x\r\n${fields}\r\n`));
  if (head.kind !== 'response') throw new Error(head.kind);
  return responseFraming(method, head);
}

describe('request framing', () => {
  it.each([
    ['', { kind: 'none' }],
    ['Content-Length: 0\r\n', { kind: 'none' }],
    ['Content-Length: 12\r\n', { kind: 'length', bytes: 12 }],
    ['transfer-encoding: Chunked\r\n', { kind: 'chunked' }],
    ['Transfer-Encoding: gzip, chunked\r\n', { kind: 'chunked' }],
  ])('%j', (fields, framing) => {
    expect(ofRequest(fields)).toEqual(framing);
  });

  it.each([
    'Content-Length: 1\r\nContent-Length: 2\r\n',
    'Content-Length: 1\r\nContent-Length: 1\r\n',
    'Content-Length: 1, 1\r\n',
    'Content-Length: +1\r\n',
    'Content-Length: 0x1\r\n',
    'Content-Length: -1\r\n',
    'Content-Length:\r\n',
    `Content-Length: ${'9'.repeat(16)}\r\n`,
    'Content-Length: 1\r\nTransfer-Encoding: chunked\r\n',
    'Transfer-Encoding: chunked, gzip\r\n',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n',
    'Transfer-Encoding: xchunked\r\n',
    'Transfer-Encoding: identity\r\n',
    'Transfer-Encoding:\r\n',
  ])('refuses %j', (fields) => {
    expect(ofRequest(fields)).toMatchObject({ kind: 'bad', status: 400 });
  });

  it('refuses chunks in HTTP/1.0', () => {
    expect(ofRequest('Transfer-Encoding: chunked\r\n', 0)).toMatchObject({ kind: 'bad', status: 400 });
  });
});

describe('response framing, RFC 9112 §6.3', () => {
  it.each([
    ['Content-Length: 5\r\n', 200, 'GET', { kind: 'length', bytes: 5 }],
    ['Content-Length: 5\r\nContent-Length: 5\r\n', 200, 'GET', { kind: 'length', bytes: 5 }],
    ['Content-Length: 5\r\n', 200, 'HEAD', { kind: 'none' }],
    ['Content-Length: 5\r\n', 304, 'GET', { kind: 'none' }],
    ['', 204, 'GET', { kind: 'none' }],
    ['', 100, 'GET', { kind: 'none' }],
    ['', 200, 'GET', { kind: 'untilClose' }],
    ['Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', 200, 'GET', { kind: 'chunked' }],
    ['Transfer-Encoding: gzip\r\n', 200, 'GET', { kind: 'untilClose' }],
  ])('%j %i to %s', (fields, status, method, framing) => {
    expect(ofResponse(fields, status, method)).toEqual(framing);
  });

  it('refuses two lengths', () => {
    expect(ofResponse('Content-Length: 5\r\nContent-Length: 6\r\n')).toMatchObject({
      kind: 'bad',
      status: 502,
    });
  });
});

/** Feeds `text` cut at `cuts`; the bytes that belong to the body, or -1. */
function taken(framing: Framing, text: string, cuts: readonly number[]): number {
  const tracker = new BodyTracker(framing);
  const all = bytes(text);
  const edges = [0, ...cuts, all.length].sort((a, b) => a - b);
  let total = 0;
  for (let at = 1; at < edges.length; at++) {
    const used = tracker.take(all.subarray(edges[at - 1], edges[at]));
    if (used < 0) return -1;
    total += used;
    if (tracker.done) return total;
  }
  throw new Error('the body did not end');
}

describe('the end of a body', () => {
  const chunked: Framing = { kind: 'chunked' };
  const good = [
    '0\r\n\r\n',
    '5\r\nhello\r\n0\r\n\r\n',
    'A \r\n0123456789\r\n00\r\n\r\n',
    '1;a="b c"\r\nx\r\n2 ; y\r\n\r\n\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n',
  ];

  it.each(good)('%j ends at its end, at every split', (text) => {
    for (let a = 0; a <= text.length; a++) {
      for (let b = a; b <= text.length; b++) expect(taken(chunked, `${text}next`, [a, b])).toBe(text.length);
    }
  });

  it.each([
    '\r\n',
    'g\r\n',
    '-1\r\n',
    '5\nhello',
    '5\rhello',
    '5 5\r\nhello',
    '5\r\nhelloX\r\n',
    '5\r\nhello\n',
    '1;a\nb\r\nx\r\n0\r\n\r\n',
    '1;a\rb\r\nx\r\n0\r\n\r\n',
    '0\r\nA: b\n\r\n',
    '0\r\n\rX',
    'fffffffffffffff\r\n',
    `1;${'a'.repeat(MAX_CHUNK_LINE_BYTES)}\r\nx`,
    `0\r\n${'a: b\r\n'.repeat(20_000)}`,
  ])('%j is malformed', (text) => {
    expect(taken(chunked, text, [])).toBe(-1);
  });

  it('counts a length and leaves the rest', () => {
    expect(taken({ kind: 'length', bytes: 5 }, 'hellonext', [2])).toBe(5);
    expect(new BodyTracker({ kind: 'none' }).done).toBe(true);
    const open = new BodyTracker({ kind: 'untilClose' });
    expect([open.take(bytes('abc')), open.done]).toEqual([3, false]);
  });

  it('is found in what an encoder wrote, however it is cut', () => {
    const body = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 8 });
    fc.assert(
      fc.property(body, fc.array(fc.nat(400), { maxLength: 6 }), (parts, cuts) => {
        const text = parts.map(
          (part) => `${part.length.toString(16)}\r\n${Buffer.from(part).toString('latin1')}\r\n`,
        );
        const whole = `${text.join('')}0\r\n\r\n`;
        const inside = cuts.filter((cut) => cut <= whole.length);
        expect(taken(chunked, `${whole}GET / HTTP/1.1`, inside)).toBe(whole.length);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
