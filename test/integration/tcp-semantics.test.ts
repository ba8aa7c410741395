import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../bench/rig.ts';
import { CulvertLab, HOST } from '../support/culvert-process.ts';
import { expectKnown, sendKnown } from '../support/known-bytes.ts';

const lab = new CulvertLab();
afterAll(() => lab.close());

/** Everything that comes until the peer ends its side; `reset` when it cut the connection instead. */
function readAll(socket: Socket): Promise<{ text: string; end: 'fin' | 'reset' }> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.on('end', () => resolve({ text, end: 'fin' }));
    socket.on('error', () => resolve({ text, end: 'reset' }));
  });
}

function dial(port: number): Socket {
  return connect({ port, host: HOST, allowHalfOpen: true, noDelay: true });
}

describe('a forwarded connection has the semantics of TCP', () => {
  let halfClose: number;
  let resetsAfterHello: number;
  let refused: number;
  let mirror: number;
  let arrived: Promise<string>;
  let dynamic: number;
  let closedPort: number;

  beforeAll(async () => {
    // Answers only once the asker has ended its side.
    const summing = await lab.tcp((socket) => {
      void readAll(socket).then(({ text, end }) => socket.end(`${end} after ${text}`));
    });
    const resetting = await lab.tcp((socket) => {
      socket.write('hello');
      socket.once('data', () => socket.resetAndDestroy());
    });
    let heard: (end: string) => void;
    arrived = new Promise((resolve) => {
      heard = resolve;
    });
    const listening = await lab.tcp((socket) => {
      socket.write('hello');
      void readAll(socket).then(({ end }) => heard(end));
    });
    closedPort = await freePort();
    dynamic = await freePort();
    const { server, ports } = await lab.forward([summing, resetting, closedPort, listening]);
    [halfClose, resetsAfterHello, refused, mirror] = ports;
    await lab.client(server, ['-D', String(dynamic)]);
  }, 30_000);

  it('half-close stays half-close', async () => {
    const socket = dial(halfClose);
    socket.end('question');
    expect(await readAll(socket)).toEqual({ text: 'fin after question', end: 'fin' });
  });

  it('a reset by the target arrives as a reset', async () => {
    const socket = dial(resetsAfterHello);
    const [hello] = await once(socket, 'data');
    expect(String(hello)).toBe('hello');
    const rest = readAll(socket);
    socket.write('go');
    expect((await rest).end).toBe('reset');
  });

  it('a reset by the local side arrives at the target as a reset', async () => {
    const socket = dial(mirror);
    // Not before the other side has it all: libuv takes a reset right behind data for an ordinary end.
    await once(socket, 'data');
    socket.resetAndDestroy();
    expect(await arrived).toBe('reset');
  });

  it('a refused target is a reset on a static forward', async () => {
    expect(await readAll(dial(refused))).toEqual({ text: '', end: 'reset' });
  });

  /** SOCKS5 CONNECT to `port` of localhost; gives the reply code (RFC 1928 §6). */
  async function socksReply(port: number): Promise<number> {
    const socket = dial(dynamic);
    socket.write(Buffer.from([5, 1, 0]));
    await once(socket, 'data');
    const name = Buffer.from('localhost');
    socket.write(Buffer.concat([Buffer.of(5, 1, 0, 3, name.length), name, Buffer.of(port >> 8, port & 255)]));
    const [reply]: Buffer[] = await once(socket, 'data');
    socket.destroy();
    return reply[1];
  }

  it('SOCKS5 says 5 for a refused target and 0 for an open one', async () => {
    expect(await socksReply(closedPort)).toBe(5);
    expect(await socksReply(await lab.tcp((socket) => socket.end()))).toBe(0);
  });

  it('SOCKS4 says 91, HTTP 502', async () => {
    const socks4 = dial(dynamic);
    socks4.write(Buffer.of(4, 1, closedPort >> 8, closedPort & 255, 127, 0, 0, 1, 0));
    const [reply]: Buffer[] = await once(socks4, 'data');
    expect([...reply.subarray(0, 2)]).toEqual([0, 91]);
    socks4.destroy();
    const http = dial(dynamic);
    http.write(`CONNECT localhost:${closedPort} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const { text } = await readAll(http);
    expect(text).toMatch(/^HTTP\/1\.1 502 /);
    http.destroy();
  });
});

it('carries many connections at once, both ways, every byte', async () => {
  const bytes = 3 << 20;
  const echoing = await lab.tcp((socket) => socket.pipe(socket));
  const { ports } = await lab.forward([echoing]);
  await Promise.all(
    Array.from({ length: 12 }, async (_, seed) => {
      const socket = dial(ports[0]);
      await Promise.all([sendKnown(socket, seed, bytes), expectKnown(socket, seed, bytes)]);
    }),
  );
}, 30_000);
