import { createServer, type RequestListener, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../../../../src-main/engine/base/clock.ts';
import {
  connectHttp,
  type HttpConnectResult,
} from '../../../../../src-main/engine/carrier/http/http-connect.ts';
import type { ProxyRoute } from '../../../../../src-main/engine/carrier/route.ts';
import { answerError } from '../../../../../src-main/engine/client/server-answer.ts';
import { listenOn, startRig, type TunnelRig } from '../../../../support/tunnel-rig.ts';

const servers: Server[] = [];
let rig: TunnelRig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function site(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  return listenOn(server);
}

function dial(url: string, route: ProxyRoute, notices: string[] = []): Promise<HttpConnectResult> {
  return connectHttp({
    url: new URL(url),
    route,
    headers: [['X-Extra', 'yes']],
    userAgent: 'Browser/1',
    flight: systemRandom(90),
    timeoutMs: 3000,
    clock: systemClock,
    random: systemRandom,
    signal: new AbortController().signal,
    onNotice: (text) => notices.push(text),
  });
}

function said(result: HttpConnectResult): string {
  if (result.kind === 'open') return 'open';
  const error = result.kind === 'error' ? result.error : answerError('the server', result);
  return `${error.code}: ${error.message}; ${error.remedy}`;
}

describe('connectHttp', () => {
  it('sends what a browser could send, each time another', async () => {
    const seen: string[] = [];
    const port = await site((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      expect(request.headers['user-agent']).toBe('Browser/1');
      expect(request.headers['x-extra']).toBe('yes');
      expect(request.headers.cookie).toMatch(/^\w+=[\w-]{120}$/);
      response.writeHead(404).end();
    });
    for (let i = 0; i < 2; i++)
      expect(said(await dial(`http://127.0.0.1:${port}/base`, { kind: 'direct' }))).toContain(
        'ordinary web site',
      );
    expect(seen[0]).toMatch(/^POST \/base\/[\w-]{8,24}$/);
    expect(seen[0]).not.toBe(seen[1]);
  });

  it('asks a proxy with the whole URL and its password, and never with CONNECT', async () => {
    const seen: string[] = [];
    const port = await site((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers['proxy-authorization']}`);
      response.writeHead(407, 'Who Are You').end();
    });
    const route = { kind: 'http', host: '127.0.0.1', port, auth: { user: 'a', password: 'b' } } as const;
    expect(said(await dial('http://example.test/x/', route))).toMatch(
      /^ERR_PROXY.*user name and password.*407/,
    );
    expect(seen[0]).toMatch(/^POST http:\/\/example\.test\/x\/[\w-]+ Basic YTpi$/);
  });

  it('says what a login page, a gateway and a dead port are', async () => {
    const login = await site((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>log in</html>');
    });
    expect(said(await dial(`http://127.0.0.1:${login}/`, { kind: 'direct' }))).toMatch(/web page.*login/);
    const gateway = await site((_request, response) => void response.writeHead(502).end());
    expect(said(await dial(`http://127.0.0.1:${gateway}/`, { kind: 'direct' }))).toMatch(/gateway.*502/);
    const [server] = servers.splice(0, 1);
    await new Promise((resolve) => server.close(resolve));
    expect(said(await dial(`http://127.0.0.1:${login}/`, { kind: 'direct' }))).toMatch(/^ERR_SERVER_REFUSED/);
  });

  it('follows a redirection to TLS once, and says so', async () => {
    let asked = 0;
    const plain = await site((request, response) => {
      asked++;
      response.writeHead(301, { Location: `https://127.0.0.1:${plain}${request.url}` }).end();
    });
    const notices: string[] = [];
    // It speaks no TLS at all; what counts is that TLS was tried.
    const result = await dial(`http://127.0.0.1:${plain}/`, { kind: 'direct' }, notices);
    expect(result.kind).toBe('error');
    expect(asked).toBe(1);
    expect(notices.join()).toMatch(/wants TLS \(HTTP 301\): going on with https:/);
  });
});

/** One request as it was on the wire, sent again: status line of what comes back. */
function replay(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    let got = '';
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1');
      if (got.includes('\r\n\r\n')) socket.destroy();
    });
    socket.on('close', () => resolve(got.split('\r\n', 1)[0]));
    socket.on('error', reject);
    socket.write(request);
  });
}

describe('what an observer recorded', () => {
  it('is worth nothing afterwards: the cover site answers', async () => {
    const heads: string[] = [];
    rig = await startRig({
      target: (socket) => socket.pipe(socket),
      between: async (target) => {
        const port = await site((request, response) => {
          const cookie = request.headers.cookie ?? '';
          heads.push(
            `POST ${request.url} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nCookie: ${cookie}\r\n\r\n`,
          );
          void forward(target, request, response);
        });
        return `http://127.0.0.1:${port}/`;
      },
    });
    const { port, serverPort } = rig;
    for (let i = 0; i < 5; i++) await once(port);
    const old = heads.slice(0, -8);
    expect(old.length).toBeGreaterThan(0);
    for (const head of old) expect(await replay(serverPort, head)).toMatch(/ 404 /);
  });
});

function once(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', reject);
    socket.on('data', () => {
      socket.destroy();
      resolve();
    });
    socket.write('x');
  });
}

async function forward(
  port: number,
  incoming: import('node:http').IncomingMessage,
  response: import('node:http').ServerResponse,
): Promise<void> {
  const { request } = await import('node:http');
  const { method, url, headers } = incoming;
  const outgoing = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 0, answer.headers);
    answer.pipe(response);
  });
  outgoing.on('error', () => response.destroy());
  incoming.pipe(outgoing);
}
