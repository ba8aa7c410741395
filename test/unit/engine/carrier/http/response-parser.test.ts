import { describe, expect, it } from 'vitest';
import { ResponseParser } from '../../../../../src-main/engine/carrier/http/response-parser.ts';

/** Everything the parser says about `bytes`, given in pieces of `size`. */
function read(text: string, size: number): string[] {
  const said: string[] = [];
  let body = '';
  const parser = new ResponseParser({
    onHead: ({ status, reason, keepAlive, setCookies }) =>
      said.push(`${status} ${reason} ${keepAlive ? 'keep' : 'close'} ${setCookies.join('|')}`.trim()),
    onBody: (chunk) => {
      body += chunk.toString('latin1');
    },
    onEnd: () => {
      said.push(`body ${body}`);
      body = '';
    },
  });
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += size) {
    // The caller's buffer is used again, as a socket's is.
    const chunk = Buffer.from(bytes.subarray(at, at + size));
    parser.push(chunk);
    chunk.fill(0);
  }
  if (parser.isInside) said.push(parser.eof() ? 'eof ends it' : 'eof cuts it');
  return said;
}

describe('ResponseParser', () => {
  it.each<[string, string, string[]]>([
    [
      'two with lengths',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n',
      ['200 OK keep', 'body hello', '404 Not Found keep', 'body '],
    ],
    [
      'chunked with extensions and trailers',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nX: y\r\n\r\nHTTP/1.1 204 No\r\n\r\n',
      ['200 OK keep', 'body hello!', '204 No keep', 'body '],
    ],
    [
      'until the end, HTTP/1.0',
      'HTTP/1.0 200 OK\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\n\r\nall of it',
      ['200 OK close a=1; Path=/|b=2', 'body all of it', 'eof ends it'],
    ],
    [
      'interim responses, bare LF, no reason',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200\nContent-Length: 2\nConnection: close\n\nok',
      ['200  close', 'body ok'],
    ],
    ['cut in a body', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', ['200 OK keep', 'eof cuts it']],
    ['cut in a head', 'HTTP/1.1 200 OK\r\nContent-', ['eof cuts it']],
  ])('%s, however it is cut', (_name, text, expected) => {
    for (let size = 1; size <= text.length; size++) expect(read(text, size)).toEqual(expected);
  });

  it.each([
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['a length of words', 'HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n'],
    ['a chunk without a size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['an endless head', `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(70_000)}`],
  ])('refuses %s', (_name, text) => {
    expect(() => read(text, 1000)).toThrow();
  });
});
