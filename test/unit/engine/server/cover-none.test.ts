import * as http from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../src-main/engine/base/log.ts';
import { createCover } from '../../../../src-main/engine/server/cover.ts';
import { answerNotFound } from '../../../../src-main/engine/server/cover-none.ts';
import { Front } from '../../../../src-main/engine/server/front.ts';
import { endTogether, exchange, type Step, undated } from '../../../support/web-client.ts';
import { listening } from '../../../support/web-covers.ts';

const TIMEOUT_MS = 500;
let front: Front;
let plain: http.Server;
let ports: { front: number; plain: number };

beforeAll(async () => {
  front = new Front({
    cover: createCover(
      { kind: 'none' },
      {
        log: silentLogger,
        limits: { headersTimeoutMs: TIMEOUT_MS, checkIntervalMs: 50, keepAliveTimeoutMs: TIMEOUT_MS },
      },
    ),
    claimUpgrade: () => false,
    claimRequest: () => false,
    log: silentLogger,
  });
  plain = http.createServer(
    { headersTimeout: TIMEOUT_MS, connectionsCheckingInterval: 50, keepAliveTimeout: TIMEOUT_MS },
    answerNotFound,
  );
  ports = { front: (await front.listen({ host: '127.0.0.1', port: 0 })).port, plain: await listening(plain) };
});

afterAll(() => {
  front.destroy();
  plain.close();
  plain.closeAllConnections();
});

describe('the site without pages', () => {
  it.each(['GET', 'POST', 'OPTIONS', 'PROPFIND'])('says 404 with a small page to %s', async (method) => {
    const { text } = await exchange(ports.front, [
      `${method} /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    ]);
    expect(text).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    expect(text).toContain('<pre>Not Found</pre>');
    const other = await exchange(ports.front, [
      'GET /other?x HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n',
    ]);
    if (method === 'GET') expect(undated(other.text)).toBe(undated(text));
  });

  const cases: [string, Step[], 'timed'?][] = [
    ['GET', ['GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n']],
    ['HEAD', ['HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n']],
    ['HTTP/1.0', ['GET / HTTP/1.0\r\n\r\n']],
    [
      'an upload',
      [`POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 9000\r\n\r\n${'x'.repeat(9000)}`],
    ],
    ['an upgrade', ['GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n']],
    ['CONNECT', ['CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n']],
    [
      'pipelined',
      ['GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    ],
    ['a keep-alive that times out', ['GET / HTTP/1.1\r\nHost: a\r\n\r\n'], 'timed'],
    ['no Host', ['GET / HTTP/1.1\r\n\r\n']],
    ['a malformed line', ['GET\r\n\r\n']],
    ['a TLS hello', [Buffer.from('160301002001000019', 'hex')]],
    ['a head too large', [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(17_000)}\r\n\r\n`]],
    ['half a head, then FIN', ['GET / HT', 'FIN']],
    ['a head that does not end', ['GET / HTTP/1.1\r\nHos'], 'timed'],
    ['silence', [], 'timed'],
  ];

  it.each(cases)('is a plain Node server to %s', async (_name, steps, timed) => {
    const expected = await exchange(ports.plain, steps);
    const seen = await exchange(ports.front, steps);
    expect(undated(seen.text)).toBe(undated(expected.text));
    expect(seen.end).toBe(expected.end);
    if (timed !== undefined) expect(await endTogether(ports.plain, ports.front, steps, 150)).toBe(true);
  });
});
