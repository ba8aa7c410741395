import { describe, expect, it } from 'vitest';
import { parseRequestHead, parseResponseHead } from '../../../../src-main/engine/client/http-head.ts';
import {
  classify,
  forwardResponse,
  type ProxyRequest,
} from '../../../../src-main/engine/client/http-proxy.ts';

function wanted(text: string): ProxyRequest {
  const head = parseRequestHead(Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1'));
  if (head.kind !== 'request') throw new Error(head.kind);
  return classify(head);
}

function forwarded(text: string): string {
  const result = wanted(text);
  if (result.kind !== 'forward') throw new Error(JSON.stringify(result));
  return result.request.head.toString('latin1').replaceAll('\r\n', '\n');
}

function answered(text: string, method = 'GET', persistent = true): { head: string; flags: boolean[] } {
  const head = parseResponseHead(Buffer.from(text, 'latin1'));
  if (head.kind !== 'response') throw new Error(head.kind);
  const response = forwardResponse({ method, persistent }, head);
  if (response.kind !== 'response') throw new Error(response.reason);
  return {
    head: response.head.toString('latin1').replaceAll('\r\n', '\n'),
    flags: [response.persistent, response.reusable],
  };
}

describe('what a request wants', () => {
  it.each([
    ['example.com:443', 'example.com', 443],
    ['[2001:db8::1]:22', '2001:db8::1', 22],
    ['10.0.0.1:1', '10.0.0.1', 1],
  ])('CONNECT %s', (authority, host, port) => {
    expect(wanted(`CONNECT ${authority} HTTP/1.1\n\n`)).toEqual({ kind: 'connect', target: { host, port } });
  });

  it.each([
    'CONNECT example.com HTTP/1.1\n\n',
    'CONNECT :443 HTTP/1.1\n\n',
    'CONNECT a:0 HTTP/1.1\n\n',
    'CONNECT a:65536 HTTP/1.1\n\n',
    'CONNECT ::1:80 HTTP/1.1\n\n',
    'CONNECT [a]:80 HTTP/1.1\n\n',
    'CONNECT http://a:80/ HTTP/1.1\n\n',
    'GET * HTTP/1.1\n\n',
    'GET a:80 HTTP/1.1\n\n',
    'GET https://a/ HTTP/1.1\n\n',
    'GET ftp://a/ HTTP/1.1\n\n',
    'GET http:///x HTTP/1.1\n\n',
    'GET http://:80/x HTTP/1.1\n\n',
    'GET http://u:p@a/ HTTP/1.1\n\n',
    'GET http://a:b/ HTTP/1.1\n\n',
    'GET http://a\\b/ HTTP/1.1\n\n',
    'GET http://a/#x HTTP/1.1\n\n',
    'POST http://a/ HTTP/1.1\nContent-Length: 1\nTransfer-Encoding: chunked\n\n',
  ])('%j is a bad request', (text) => {
    expect(wanted(text)).toMatchObject({ kind: 'bad', status: 400 });
  });

  it('a path is for the port itself', () => {
    expect(wanted('GET /favicon.ico HTTP/1.1\nHost: localhost:1080\n\n')).toEqual({
      kind: 'direct',
      method: 'GET',
    });
  });
});

describe('an absolute-form request', () => {
  it('becomes origin-form with its own Host, without hop-by-hop fields, order and case kept', () => {
    const text = `GET HTTP://Example.com:8080/a//b/../c?x=%7e&y HTTP/1.1
User-Agent: x
hOsT: elsewhere
Proxy-Authorization: Basic eDp5
Proxy-Connection: keep-alive
Connection: keep-alive, X-Hop
X-Hop: 1
Keep-Alive: 5
TE: trailers
Upgrade: h2c
X-kept: a, b
Accept: 1
ACCEPT: 2

`;
    expect(forwarded(text)).toBe(`GET /a//b/../c?x=%7e&y HTTP/1.1
User-Agent: x
hOsT: Example.com:8080
X-kept: a, b
Accept: 1
ACCEPT: 2

`);
    expect(wanted(text)).toMatchObject({
      request: {
        target: { host: 'Example.com', port: 8080 },
        method: 'GET',
        persistent: true,
        upgrade: false,
      },
    });
  });

  it.each([
    ['GET http://a HTTP/1.1\n\n', 'GET / HTTP/1.1\nHost: a\n\n'],
    ['GET http://a?q HTTP/1.1\n\n', 'GET /?q HTTP/1.1\nHost: a\n\n'],
    ['OPTIONS http://a HTTP/1.1\n\n', 'OPTIONS * HTTP/1.1\nHost: a\n\n'],
    ['OPTIONS http://a/ HTTP/1.1\n\n', 'OPTIONS / HTTP/1.1\nHost: a\n\n'],
    ['GET http://[::1]:81/ HTTP/1.1\n\n', 'GET / HTTP/1.1\nHost: [::1]:81\n\n'],
    ['GET http://a/ HTTP/1.0\n\n', 'GET / HTTP/1.0\nHost: a\nConnection: close\n\n'],
    ['GET http://a/ HTTP/1.1\nProxy-Connection: close\n\n', 'GET / HTTP/1.1\nHost: a\nConnection: close\n\n'],
    [
      'GET http://a/ HTTP/1.1\nConnection: Upgrade\nUpgrade: websocket\n\n',
      'GET / HTTP/1.1\nHost: a\nUpgrade: websocket\nConnection: Upgrade\n\n',
    ],
  ])('%j becomes %j', (text, result) => {
    expect(forwarded(text)).toBe(result);
  });

  it('keeps its framing whatever Connection lists', () => {
    const text = 'POST http://a/ HTTP/1.1\nConnection: content-length, host\nContent-Length: 5\n\n';
    expect(forwarded(text)).toBe('POST / HTTP/1.1\nHost: a\nContent-Length: 5\n\n');
    expect(wanted(text)).toMatchObject({ request: { framing: { kind: 'length', bytes: 5 } } });
  });
});

describe('a response', () => {
  it.each([
    ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n', [true, true]],
    ['HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n', [true, false]],
    ['HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: Keep-Alive\r\n\r\n', [true, true]],
    ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n', [true, false]],
    ['HTTP/1.1 200 OK\r\n\r\n', [false, false]],
    ['HTTP/1.1 204 No Content\r\n\r\n', [true, true]],
  ])('%j: client and server connection go on: %j', (text, flags) => {
    expect(answered(text).flags).toEqual(flags);
  });

  it('loses its hop-by-hop fields', () => {
    const text =
      'HTTP/1.0 200 \xe9\r\nKeep-Alive: 5\r\nConnection: close, Upgrade\r\nUpgrade: h2\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\n';
    expect(answered(text).head).toBe(
      'HTTP/1.1 200 \xe9\nSet-Cookie: a\nset-cookie: b\nConnection: close\n\n',
    );
  });

  it('has one framing', () => {
    const both = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n';
    expect(answered(both).head).toBe('HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n');
    const twice = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Length: 9\r\n\r\n';
    expect(answered(twice).head).toBe('HTTP/1.1 200 OK\nContent-Length: 9\n\n');
  });

  it('to an upgrade keeps the new protocol', () => {
    const text = 'HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n';
    expect(answered(text).head).toBe('HTTP/1.1 101 Switching\nUpgrade: websocket\nConnection: Upgrade\n\n');
  });

  it('says when the client asked for the end', () => {
    const text = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n';
    expect(answered(text, 'GET', false).head).toContain('Connection: close');
  });
});
