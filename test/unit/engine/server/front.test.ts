import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../src-main/engine/base/log.ts';
import { createCover } from '../../../../src-main/engine/server/cover.ts';
import { Front } from '../../../../src-main/engine/server/front.ts';
import { keylessClaim } from '../../../support/gate-door.ts';
import { endTogether, exchange, type Step, times, undated } from '../../../support/web-client.ts';
import { type NodeCover, startNginx, startNodeCover, type TestCover } from '../../../support/web-covers.ts';

const TIMEOUT_MS = 700;
/** How much later than the cover's own time-out a client may see it. */
const SLACK_MS = 150;

let app: NodeCover;
let nginx: TestCover;
const ports: Record<string, { direct: number; front: number }> = {};
const fronts: Front[] = [];

async function frontFor(url: string): Promise<number> {
  const front = new Front({
    cover: createCover({ kind: 'proxy', url }, { log: silentLogger }),
    claimUpgrade: () => false,
    // That it looks at each request must not show either.
    claimRequest: await keylessClaim(),
    log: silentLogger,
  });
  fronts.push(front);
  return (await front.listen({ host: '127.0.0.1', port: 0 })).port;
}

beforeAll(async () => {
  app = await startNodeCover(TIMEOUT_MS);
  nginx = await startNginx(app.port, TIMEOUT_MS);
  ports.node = { direct: app.port, front: await frontFor(app.url) };
  ports.nginx = { direct: nginx.port, front: await frontFor(nginx.url) };
});

afterAll(async () => {
  for (const front of fronts) front.destroy();
  await nginx.close();
  await app.close();
});

interface Case {
  readonly name: string;
  readonly steps: readonly Step[];
  /** The answer is complete though the connection stays open. */
  readonly enough?: (text: string) => boolean;
  /** It says something in the answer, so that an empty one is no success. */
  readonly says?: string;
  /** Not only the bytes but the time of the end is the cover's. */
  readonly timed?: boolean;
}

function request(line: string, headers: readonly string[] = [], body = ''): string {
  return [line, 'Host: cover.example', ...headers, '', body].join('\r\n');
}

function closing(line: string, headers: readonly string[] = [], body = ''): string {
  return request(line, ['Connection: close', ...headers], body);
}

const CLIENT_HELLO = Buffer.from(
  '16030100c8010000c40303a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f20' +
    '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0006130113021303010000750000',
  'hex',
);
const GARBAGE = Buffer.from(Uint8Array.from({ length: 400 }, (_, i) => (i * 197 + 129) & 0xff));
const CHUNKED = ['Transfer-Encoding: chunked'];
const WEBSOCKET = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

const well: Case[] = [
  ...['GET', 'HEAD', 'DELETE', 'OPTIONS', 'PROPFIND', 'BREW'].map((method) => ({
    name: `${method} /`,
    steps: [closing(`${method} / HTTP/1.1`)],
  })),
  ...['POST', 'PUT', 'PATCH'].map((method) => ({
    name: `${method} with a body`,
    steps: [closing(`${method} /app/echo HTTP/1.1`, ['Content-Length: 11'], 'hello cover')],
  })),
  {
    name: 'POST of a long body',
    steps: [closing('POST /app/echo-after HTTP/1.1', ['Content-Length: 5000'], 'x'.repeat(5000))],
  },
  { name: 'POST without a body', steps: [closing('POST /app/echo HTTP/1.1', ['Content-Length: 0'])] },
  {
    name: 'chunked upload with extension and trailer',
    steps: [
      closing('POST /app/echo HTTP/1.1', CHUNKED, '5;ext=1\r\nhello\r\n'),
      { pauseMs: 20 },
      '6\r\n cover\r\n0\r\nX-T: 1\r\n\r\n',
    ],
    says: 'hello',
  },
  {
    name: 'chunked answer with trailer',
    steps: [closing('GET /app/chunks HTTP/1.1', ['TE: trailers'])],
    says: 'second',
  },
  { name: 'early hints', steps: [closing('GET /app/hints HTTP/1.1')], says: 'hinted' },
  { name: '404', steps: [closing('GET /nowhere HTTP/1.1')], says: '404' },
  { name: 'redirect', steps: [closing('GET /moved HTTP/1.1')], says: 'Location' },
  { name: 'odd reason phrase', steps: [closing('GET /app/moved HTTP/1.1')], says: 'X-two' },
  { name: '204', steps: [closing('GET /app/empty HTTP/1.1')], says: '204' },
  { name: 'HTTP/1.0', steps: ['GET / HTTP/1.0\r\n\r\n'], says: '200' },
  { name: 'HTTP/1.0 keep-alive', steps: ['GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'], says: '200' },
  { name: 'range', steps: [closing('GET /index.html HTTP/1.1', ['Range: bytes=4-5'])] },
  { name: 'absolute-form', steps: [closing('GET http://cover.example/ HTTP/1.1')] },
  { name: 'kept alive until the cover closes', steps: [request('GET / HTTP/1.1')], says: '200', timed: true },
  {
    name: 'pipelined',
    steps: [request('GET / HTTP/1.1') + request('HEAD / HTTP/1.1') + closing('GET /moved HTTP/1.1')],
    says: 'Location',
  },
  {
    name: 'pipelined with bodies',
    steps: [
      request('POST /app/echo HTTP/1.1', ['Content-Length: 3'], 'one') +
        request('POST /app/echo HTTP/1.1', CHUNKED, '3\r\ntwo\r\n0\r\n\r\n') +
        closing('GET / HTTP/1.1'),
    ],
    says: 'two',
  },
  {
    name: 'Expect: 100-continue',
    steps: [
      closing('POST /app/echo HTTP/1.1', ['Content-Length: 4', 'Expect: 100-continue']),
      { pauseMs: 60 },
      'late',
    ],
    says: '100 Continue',
  },
  { name: 'unknown expectation', steps: [closing('GET / HTTP/1.1', ['Expect: miracles'])] },
  { name: 'refused upgrade', steps: [request('GET /none HTTP/1.1', WEBSOCKET)], says: 'HTTP/1.1 4' },
  {
    name: 'upgrade',
    steps: [request('GET /app/ws HTTP/1.1', WEBSOCKET)],
    enough: times('\r\n\r\n', 1),
    says: ' 101 ',
  },
  { name: 'a cut answer', steps: [request('GET /app/cut HTTP/1.1')], says: 'half of it' },
];

const broken: Case[] = [
  ...[
    'GET\r\n\r\n',
    'GET /\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/2.0\r\nHost: a\r\n\r\n',
    'GET / HTTP/1.2\r\nHost: a\r\n\r\n',
    'GET  / HTTP/1.1\r\nHost: a\r\n\r\n',
    'get / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    'G\u0001T / HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET / HTTP/1.1\nHost: a\nConnection: close\n\n',
    '\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n',
    'GET / HTTP/1.1\r\nHost : a\r\nConnection: close\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\n folded: yes\r\nConnection: close\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\n: nameless\r\nConnection: close\r\n\r\n',
    'POST /app/echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\nConnection: close\r\n\r\n',
    'POST /app/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab',
    'POST /app/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n',
    'POST /app/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n',
    'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'SSH-2.0-OpenSSH_9.2\r\n',
  ].map((text) => ({ name: JSON.stringify(text.slice(0, 60)), steps: [text] })),
  { name: 'TLS ClientHello', steps: [CLIENT_HELLO] },
  { name: 'binary garbage', steps: [GARBAGE] },
  { name: 'a head of 20 KB', steps: [closing('GET / HTTP/1.1', [`X-Long: ${'y'.repeat(20_000)}`])] },
  { name: 'half a head, then FIN', steps: ['GET / HTTP/1.1\r\nHost: a\r\nX-Ha', 'FIN'] },
  {
    name: 'half a body, then FIN',
    steps: [request('POST /app/echo HTTP/1.1', ['Content-Length: 100'], 'half'), 'FIN'],
  },
  { name: 'FIN at once', steps: ['FIN'] },
  { name: 'a whole request, then FIN', steps: [closing('GET / HTTP/1.1'), 'FIN'] },
  { name: 'silence', steps: [], timed: true },
  { name: 'half a head, then silence', steps: ['GET / HTTP/1.1\r\nHo'], timed: true },
  {
    name: 'a slow head',
    steps: [
      'GET / HT',
      { pauseMs: 60 },
      'TP/1.1\r\nHost: a\r\nConnec',
      { pauseMs: 60 },
      'tion: close\r\n\r\n',
    ],
  },
  { name: 'a slow broken head', steps: ['GET / HT', { pauseMs: 60 }, 'TQ/1.1\r\nHost: a\r\n\r\n'] },
];

for (const kind of ['node', 'nginx']) {
  describe.concurrent(`in front of ${kind}`, () => {
    it.each([...well, ...broken])('$name: the same bytes and the same end', async (probe) => {
      const { direct, front } = ports[kind];
      const expected = await exchange(direct, probe.steps, probe.enough);
      const seen = await exchange(front, probe.steps, probe.enough);
      expect(undated(seen.text)).toBe(undated(expected.text));
      expect(seen.end).toBe(expected.end);
      if (probe.says !== undefined && !(kind === 'nginx' && expected.text.includes('405'))) {
        expect(expected.text).toContain(probe.says);
      }
      if (probe.timed) expect(await endTogether(direct, front, probe.steps, SLACK_MS)).toBe(true);
    });
  });
}
