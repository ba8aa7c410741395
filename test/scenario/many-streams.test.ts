import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Client } from '../../src-main/engine/client/client.ts';
import { generateKey, parseKey } from '../../src-main/engine/crypto/keys.ts';
import { Muxer } from '../../src-main/engine/mux/muxer.ts';
import type { StreamEvents } from '../../src-main/engine/mux/types.ts';
import { Server } from '../../src-main/engine/server/server.ts';
import type { Session } from '../../src-main/engine/session/session.ts';
import { pattern, Seeded } from '../support/seeded.ts';
import { SessionPair } from '../support/session-pair.ts';
import { listening } from '../support/web-covers.ts';

const IGNORE: StreamEvents = { onData: () => {}, onEnd: () => {}, onReset: () => {} };

describe('10,000 streams on one session', () => {
  it('all echo exactly, though the carrier dies under them', () => {
    const COUNT = 10_000;
    const random = new Seeded(1);
    const pair = new SessionPair({ pipe: { delayMs: [2, 6], pieceBytes: 60_000 } });
    const join = (role: 'client' | 'server', session: Session): Muxer => {
      const mux: Muxer = new Muxer({
        role,
        limits: pair.limits,
        peerWindowBytes: pair.limits.initialWindowBytes,
        clock: pair.clock,
        wake: (now) => session.wake(now),
        fault: (error) => session.destroy(error),
        onOpen: ({ stream, accept }) => {
          accept();
          stream.listen({
            onData: (chunk) => {
              stream.write(Buffer.from(chunk));
              stream.consumed(chunk.length);
            },
            onEnd: () => stream.end(),
            onReset: () => {},
          });
        },
      });
      session.use({
        pull: (limit) => mux.pull(limit),
        onRecord: (pieces) => mux.onRecord(pieces),
        onSessionEnd: () => mux.destroy('sessionLost'),
      });
      return mux;
    };
    const client = join('client', pair.client);
    const server = join('server', pair.server);
    pair.attachFirst();

    let closed = 0;
    let wrong = 0;
    for (let i = 0; i < COUNT; i++) {
      const size = random.int(1, 400);
      const sent = pattern(i, 0, size);
      const got: Buffer[] = [];
      const stream = client.open(
        { host: i % 3 === 0 ? '' : `host-${i}.example.org`, port: 1 + (i % 65_000) },
        {
          onData: (chunk) => {
            got.push(Buffer.from(chunk));
            stream?.consumed(chunk.length);
          },
          onEnd: () => {},
          onReset: () => wrong++,
          onOpenFailed: () => wrong++,
          onClosed: () => {
            closed++;
            if (!Buffer.concat(got).equals(sent)) wrong++;
          },
        },
      );
      if (stream === undefined) throw new Error(`stream ${i} was not opened`);
      const half = size >> 1;
      stream.write(sent.subarray(0, half));
      pair.clock.after(random.int(0, 300), () => {
        stream.write(sent.subarray(half));
        stream.end();
      });
    }
    let peak = 0;
    for (let kill = 0; kill < 4; kill++) {
      pair.clock.advance(50);
      peak = Math.max(peak, server.streams.size);
      pair.pipe?.kill(0, 5);
      pair.clock.advance(20);
      pair.attachAgain();
    }
    pair.clock.runUntil(() => closed + wrong >= COUNT && server.streams.size === 0, 60_000);
    expect({ closed, wrong, left: client.streams.size }).toEqual({ closed: COUNT, wrong: 0, left: 0 });
    expect(peak).toBeGreaterThan(COUNT / 2);
    expect(server.stats.opened).toBe(COUNT);
  });

  it('are the most there may be, and no more', () => {
    const pair = new SessionPair();
    const mux = new Muxer({
      role: 'client',
      limits: { ...pair.limits, maxStreams: 10_000 },
      peerWindowBytes: 1000,
      clock: pair.clock,
      wake: () => {},
      fault: () => {},
    });
    for (let i = 0; i < 10_000; i++) expect(mux.open({ host: '', port: 1 }, IGNORE) !== undefined).toBe(true);
    expect(mux.open({ host: '', port: 1 }, IGNORE)).toBeUndefined();
    mux.destroy('shutdown');
    expect(pair.clock.pending).toBe(0);
  });
});

/** Open files this process may have. */
function openFiles(): number {
  if (process.platform !== 'linux') return 10_240;
  return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1024);
}

describe('thousands of real connections through one session', () => {
  // Each takes six sockets of this process: the user's, the listener's, the outbound one, the echo's.
  const count = Math.min(3000, Math.floor((openFiles() - 500) / 5));

  it(`${count} at once all echo exactly`, async () => {
    expect(count, 'raise the limit of open files (ulimit -n)').toBeGreaterThanOrEqual(2000);
    const echo = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      socket.pipe(socket);
    });
    // It shares this thread with both ends and accepts one connection in a turn, while they dial dozens: all of them wait.
    const echoPort = await listening(echo, count);
    const key = await parseKey(generateKey());
    const server = new Server({
      listen: { host: '127.0.0.1', port: 0 },
      users: [key],
      config: { drainMs: 0 },
    });
    const { port } = await server.start();
    const client = new Client({
      server: new URL(`http://127.0.0.1:${port}`),
      key,
      forwards: [
        { kind: 'static', bind: { host: '127.0.0.1', port: 0 }, target: { host: '', port: echoPort } },
      ],
    });
    const sockets: Socket[] = [];
    try {
      const [rule] = await client.start();
      const local = rule.listening?.port ?? 0;
      const random = new Seeded(2);
      const open = async (i: number): Promise<() => Promise<boolean>> => {
        const socket = connect({ port: local, host: '127.0.0.1', allowHalfOpen: true });
        sockets.push(socket);
        await once(socket, 'connect');
        const sent = pattern(i, 0, random.int(1, 3000));
        const got: Buffer[] = [];
        socket.on('data', (chunk) => got.push(chunk));
        socket.write(sent.subarray(0, sent.length >> 1));
        const ended = once(socket, 'end');
        return async () => {
          socket.end(sent.subarray(sent.length >> 1));
          await ended;
          return Buffer.concat(got).equals(sent);
        };
      };
      const finishers: Array<() => Promise<boolean>> = [];
      for (let at = 0; at < count; at += 200) {
        const batch = Array.from({ length: Math.min(200, count - at) }, (_, i) => open(at + i));
        finishers.push(...(await Promise.all(batch)));
      }
      await expect.poll(() => server.sessions()[0]?.streams, { timeout: 10_000 }).toBe(count);
      const results = await Promise.all(finishers.map((finish) => finish()));
      expect(results.filter((good) => !good)).toHaveLength(0);
      await expect
        .poll(() => [server.sessions()[0]?.streams, client.status().streams], { timeout: 5000 })
        .toEqual([0, 0]);
      expect(client.status().rules[0]).toMatchObject({ total: count, failed: 0, active: 0 });
    } finally {
      for (const socket of sockets) socket.destroy();
      client.destroy();
      await server.close();
      echo.close();
    }
  });
});
