import { createServer, type IncomingMessage } from 'node:http';
import {
  createServer as createTcp,
  connect as dialTcp,
  type Server as NetServer,
  type Socket,
} from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../../../src-main/engine/base/clock.ts';
import { CulvertError } from '../../../../src-main/engine/base/errors.ts';
import { CookieJar } from '../../../../src-main/engine/carrier/cookie-jar.ts';
import type { ProxyRoute } from '../../../../src-main/engine/carrier/route.ts';
import { acceptWs, upgradeFlights } from '../../../../src-main/engine/carrier/ws-accept.ts';
import {
  connectWs,
  type WsConnectOptions,
  type WsConnectResult,
} from '../../../../src-main/engine/carrier/ws-connect.ts';
import { listenOn } from '../../../support/tunnel-rig.ts';

const servers: NetServer[] = [];
const sockets = new Set<Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function listen(server: NetServer): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  return listenOn(server);
}

/** Accepts every upgrade, and keeps its request. */
async function tunnel(seen: IncomingMessage[]): Promise<number> {
  const server = createServer((_request, response) => response.writeHead(404).end());
  server.on('upgrade', (request, socket, head) => {
    seen.push(request);
    acceptWs(request, socket as Socket, head, { clock: systemClock, reply: Buffer.alloc(90, 5) });
  });
  return listen(server);
}

interface ProxySaid {
  lines: string[];
}

/** An HTTP proxy that knows CONNECT, and asks for a password where one is given. */
async function connectProxy(said: ProxySaid, login?: string): Promise<number> {
  return listen(
    createTcp((socket) => {
      socket.once('data', (bytes) => {
        const head = bytes.toString('latin1');
        said.lines.push(head.split('\r\n')[0]);
        const [, host, port] = /^CONNECT ([^ ]+):(\d+) /.exec(head) ?? [];
        const wanted = login && `Proxy-Authorization: Basic ${Buffer.from(login).toString('base64')}`;
        if (wanted !== undefined && !head.includes(wanted))
          return socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
        const far = dialTcp(Number(port), host, () => {
          socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
          socket.pipe(far).pipe(socket);
        });
        far.on('error', () => socket.destroy());
        sockets.add(far);
        return undefined;
      });
    }),
  );
}

function dial(
  url: string,
  route: ProxyRoute,
  extra: Partial<WsConnectOptions> = {},
): Promise<WsConnectResult> {
  return connectWs({
    url: new URL(url),
    route,
    headers: [],
    userAgent: 'Browser/1',
    jar: new CookieJar(),
    flight: systemRandom(90),
    timeoutMs: 3000,
    clock: systemClock,
    signal: new AbortController().signal,
    ...extra,
  });
}

function outcome(result: WsConnectResult): string {
  if (result.kind === 'open') {
    result.carrier.destroy(new CulvertError('ERR_CLOSED', 'done'));
    return `open ${result.carrier.label}`;
  }
  return result.kind === 'error' ? `${result.error.code}: ${result.error.message}` : `HTTP ${result.status}`;
}

it('sends Host, cookies and User-Agent as asked, and learns what a load balancer sets', async () => {
  const seen: IncomingMessage[] = [];
  const port = await tunnel(seen);
  const jar = new CookieJar();
  jar.learn(['SRV=s1; Path=/']);
  const headers = [
    ['host', 'cdn.example'],
    ['Cookie', 'mine=1'],
  ] as const;
  const result = await dial(`ws://127.0.0.1:${port}/base`, { kind: 'direct' }, { jar, headers });
  expect(result.kind === 'open' && result.replies).toHaveLength(1);
  expect(outcome(result)).toBe(`open WebSocket to 127.0.0.1:${port}`);
  expect(seen[0].url).toBe('/base');
  expect(seen[0].headers).toMatchObject({ host: 'cdn.example', 'user-agent': 'Browser/1' });
  expect(seen[0].headers.cookie).toMatch(/^\w+=[\w-]{120}; mine=1; SRV=s1$/);
  expect(upgradeFlights(seen[0])).toHaveLength(1);
  expect([...jar.pairs()]).toEqual(['SRV=s1']);
});

it('goes through an HTTP proxy by CONNECT, also to ws://, with its password', async () => {
  const port = await tunnel([]);
  const said: ProxySaid = { lines: [] };
  const proxy = await connectProxy(said, 'me:secret');
  const route = {
    kind: 'http',
    host: '127.0.0.1',
    port: proxy,
    auth: { user: 'me', password: 'secret' },
  } as const;
  expect(outcome(await dial(`ws://127.0.0.1:${port}/`, route))).toBe(
    `open WebSocket to 127.0.0.1:${port} through 127.0.0.1:${proxy}`,
  );
  expect(said.lines).toEqual([`CONNECT 127.0.0.1:${port} HTTP/1.1`]);
  expect(outcome(await dial(`ws://127.0.0.1:${port}/`, { ...route, auth: undefined }))).toMatch(
    /^ERR_PROXY: the proxy asks for a user name and password \(HTTP 407/,
  );
});

it('goes through a SOCKS5 proxy', async () => {
  const port = await tunnel([]);
  const proxy = await listen(
    createTcp((socket) => {
      socket.once('data', () => {
        socket.write(Buffer.from([5, 0]));
        socket.once('data', (request) => {
          const far = dialTcp(request.readUInt16BE(request.length - 2), '127.0.0.1', () => {
            socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
            socket.pipe(far).pipe(socket);
          });
          sockets.add(far);
        });
      });
    }),
  );
  const route = { kind: 'socks5', host: '127.0.0.1', port: proxy } as const;
  expect(outcome(await dial(`ws://127.0.0.1:${port}/`, route))).toMatch(/^open WebSocket to .* through /);
});

it('says what a site, a dead port and a silent one are, and can be given up', async () => {
  const site = await listen(createServer((_request, response) => response.writeHead(404).end()));
  expect(outcome(await dial(`ws://127.0.0.1:${site}/`, { kind: 'direct' }))).toBe('HTTP 404');
  const silent = await listen(createTcp(() => {}));
  const url = `ws://127.0.0.1:${silent}/`;
  expect(outcome(await dial(url, { kind: 'direct' }, { timeoutMs: 50 }))).toMatch(/^ERR_SERVER_TIMEOUT/);
  const abort = new AbortController();
  const given = dial(url, { kind: 'direct' }, { signal: abort.signal });
  abort.abort();
  expect(outcome(await given)).toMatch(/^ERR_CLOSED/);
  const free = await listen(createTcp(() => {}));
  await new Promise((resolve) => servers.pop()?.close(resolve));
  expect(outcome(await dial(`ws://127.0.0.1:${free}/`, { kind: 'direct' }))).toMatch(/^ERR_SERVER_REFUSED/);
});
