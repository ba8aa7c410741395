import { createHash } from 'node:crypto';
import { once } from 'node:events';
import * as http from 'node:http';
import * as net from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { silentLogger } from '../../../../src-main/engine/base/log.ts';
import { createCover } from '../../../../src-main/engine/server/cover.ts';
import { Front } from '../../../../src-main/engine/server/front.ts';
import { keylessClaim } from '../../../support/gate-door.ts';
import { exchange } from '../../../support/web-client.ts';
import {
  BIG,
  BIG_SHA256,
  listening,
  type NodeCover,
  startNginx,
  startNodeCover,
  type TestCover,
} from '../../../support/web-covers.ts';

let app: NodeCover;
let nginx: TestCover;
const closers: (() => void)[] = [];

async function frontFor(url: string): Promise<number> {
  const front = new Front({
    cover: createCover({ kind: 'proxy', url }, { log: silentLogger }),
    claimUpgrade: () => false,
    claimRequest: await keylessClaim(),
    log: silentLogger,
  });
  closers.push(() => front.destroy());
  return (await front.listen({ host: '127.0.0.1', port: 0 })).port;
}

beforeAll(async () => {
  app = await startNodeCover();
  nginx = await startNginx(app.port, 10_000);
});

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

afterAll(async () => {
  await nginx.close();
  await app.close();
});

async function ask(port: number, options: http.RequestOptions, body?: Buffer): Promise<string> {
  const request = http.request({ port, host: '127.0.0.1', agent: false, ...options });
  request.end(body);
  const [response]: http.IncomingMessage[] = await once(request, 'response');
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of response) {
    hash.update(chunk);
    length += chunk.length;
  }
  return `${response.statusCode} ${length} ${hash.digest('hex')}`;
}

describe('large bodies', () => {
  const whole = `200 ${BIG.length} ${BIG_SHA256}`;

  it.each(['node', 'nginx'])('30 MB up and back, by length and in chunks, through %s', async (kind) => {
    const port = await frontFor(kind === 'node' ? app.url : nginx.url);
    const path = kind === 'node' ? '/app/echo' : '/app/echo-after';
    expect(await ask(port, { method: 'POST', path, headers: { 'Content-Length': BIG.length } }, BIG)).toBe(
      whole,
    );
    expect(await ask(port, { method: 'POST', path, headers: { 'Transfer-Encoding': 'chunked' } }, BIG)).toBe(
      whole,
    );
  });

  it('30 MB down', async () => {
    expect(await ask(await frontFor(app.url), { path: '/app/big' })).toBe(whole);
    expect(await ask(await frontFor(nginx.url), { path: '/big.bin' })).toBe(whole);
  });

  it('stops reading from one side when the other does not read', async () => {
    let sent = 0;
    const source = net.createServer((socket) => {
      const chunk = Buffer.alloc(64 * 1024);
      const more = (): void => {
        do sent += chunk.length;
        while (socket.write(chunk));
      };
      socket.on('drain', more);
      socket.on('error', () => {});
      socket.once('data', more);
    });
    const sourcePort = await listening(source);
    closers.push(() => source.close());
    const port = await frontFor(`http://127.0.0.1:${sourcePort}`);
    const client = net.connect(port, '127.0.0.1');
    closers.push(() => client.destroy());
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    let last = -1;
    // It has stopped once nothing moved for a while; with nobody to stop it, it would reach the cap at once.
    while (sent !== last && sent < 200e6) {
      last = sent;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    // What the kernel's buffers of two connections may hold.
    expect(sent).toBeLessThan(30e6);
    client.destroy();
  });
});

describe('WebSocket', () => {
  it.each(['node', 'nginx'])('echoes through to %s', async (kind) => {
    const port = await frontFor(kind === 'node' ? app.url : nginx.url);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/app/ws`);
    await once(socket, 'open');
    for (const message of [Buffer.from('small'), Buffer.alloc(500_000, 7)]) {
      socket.send(message);
      const [echo] = await once(socket, 'message');
      expect(message.equals(echo)).toBe(true);
    }
    socket.close(1000, 'done');
    const [code] = await once(socket, 'close');
    expect(code).toBe(1000);
  });
});

describe('ends that are no ends', () => {
  /** A cover of bare TCP, and one connection of it. */
  async function bare(): Promise<{ port: number; accepted: Promise<net.Socket> }> {
    const server = net.createServer({ allowHalfOpen: true });
    const accepted = new Promise<net.Socket>((resolve) => {
      server.once('connection', (socket) => {
        socket.on('error', () => {});
        resolve(socket);
      });
    });
    const coverPort = await listening(server);
    closers.push(() => server.close());
    return { port: await frontFor(`http://127.0.0.1:${coverPort}`), accepted };
  }

  const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

  it('half a head, then a close or a reset, reach the cover as such', async () => {
    for (const kind of ['close', 'reset']) {
      const { port, accepted } = await bare();
      const client = net.connect(port, '127.0.0.1');
      client.write('GET / HTTP/1.1\r\nHo');
      const upstream = await accepted;
      const [first] = await once(upstream, 'data');
      expect(String(first)).toBe('GET / HTTP/1.1\r\nHo');
      const events: string[] = [];
      upstream.on('end', () => {
        events.push('fin');
        upstream.end();
      });
      upstream.on('error', (error) => events.push('code' in error ? String(error.code) : error.message));
      if (kind === 'close') client.end();
      else client.resetAndDestroy();
      await new Promise((resolve) => upstream.once('close', resolve));
      expect(events).toEqual([kind === 'close' ? 'fin' : 'ECONNRESET']);
    }
  });

  it('a client that goes away during the answer takes the upstream connection with it', async () => {
    const { port, accepted } = await bare();
    const client = net.connect(port, '127.0.0.1');
    client.write(GET);
    const upstream = await accepted;
    const gone = new Promise((resolve) => upstream.once('close', resolve));
    const pour = (): void => {
      while (!upstream.destroyed && upstream.write(Buffer.alloc(65_536))) {}
    };
    upstream.on('drain', pour);
    upstream.resume();
    pour();
    await once(client, 'data');
    client.destroy();
    await gone;
  });

  it('an upstream that resets in the middle of a body resets the client, after what it said', async () => {
    const { port, accepted } = await bare();
    const seen = exchange(port, [GET]);
    const upstream = await accepted;
    await once(upstream, 'data');
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf';
    await new Promise<void>((resolve) => upstream.write(answer, () => resolve()));
    await new Promise((resolve) => setTimeout(resolve, 50));
    upstream.resetAndDestroy();
    expect(await seen).toMatchObject({ text: answer, end: 'reset' });
  });

  it('keeps each direction open for as long as its own end wants', async () => {
    const { port, accepted } = await bare();
    const client = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n1234');
    const upstream = await accepted;
    // The cover ends first, and goes on reading.
    upstream.end('HTTP/1.1 200 OK\r\n\r\n');
    let up = '';
    upstream.on('data', (chunk) => {
      up += chunk;
    });
    client.resume();
    await once(client, 'end');
    client.end('5678');
    await once(upstream, 'end');
    expect(up.endsWith('12345678')).toBe(true);
    // The client ends first, and goes on reading.
    const other = await bare();
    const reader = net.connect({ port: other.port, host: '127.0.0.1', allowHalfOpen: true });
    reader.end(GET);
    const late = await other.accepted;
    late.resume();
    await once(late, 'end');
    late.end('late answer');
    const [text] = await once(reader, 'data');
    expect(String(text)).toBe('late answer');
  });

  it('does not wait for ever for a client that never closes', async () => {
    let gone: Promise<unknown> | undefined;
    const server = net.createServer((socket) => {
      gone = new Promise((resolve) => socket.once('close', resolve));
      socket.resume().end('HTTP/1.1 200 OK\r\n\r\n');
    });
    const coverPort = await listening(server);
    closers.push(() => server.close());
    const front = new Front({
      cover: createCover({ kind: 'proxy', url: `http://127.0.0.1:${coverPort}` }, { log: silentLogger }),
      claimUpgrade: () => false,
      claimRequest: () => false,
      log: silentLogger,
      limits: { lingerMs: 60 },
    });
    closers.push(() => front.destroy());
    const { port } = await front.listen({ host: '127.0.0.1', port: 0 });
    const client = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    closers.push(() => client.destroy());
    client.resume();
    await once(client, 'end');
    expect(client.writable).toBe(true);
    await gone;
  });
});
