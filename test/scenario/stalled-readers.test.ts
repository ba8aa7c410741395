import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer, type Server as NetServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { generateKey, parseKey } from '../../src-main/engine/crypto/keys.ts';
import { Server } from '../../src-main/engine/server/server.ts';
import { pattern } from '../support/seeded.ts';
import { root } from '../support/sources.ts';
import { listening } from '../support/web-covers.ts';

const READERS = 1000;
/** A quarter of it is more than a socket may hold unsent (64 KiB): what that takes is never worth granting credit for. */
const WINDOW = 272 << 10;
/** What each is sent: more than its window takes. */
const FLOW = WINDOW + 100_000;
/** What a process of this size needs beside the windows: young heap, allocator, objects of 1,000 sockets. */
const CONSTANT = 64 << 20;
const WARM_UP = 20;

const closers: Array<() => unknown> = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Sends each who connects a flow of their own, and its hash at the end. */
async function startSource(): Promise<{ port: number; server: NetServer }> {
  let flows = 0;
  // Every flow is another part of one text: bytes of a wrong flow would show, as those of a wrong place.
  const text = pattern(1, 0, FLOW + (READERS + WARM_UP) * 3);
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const from = 3 * flows++;
    const bytes = text.subarray(from, from + FLOW - 32);
    socket.on('error', () => {});
    socket.resume();
    socket.end(Buffer.concat([bytes, createHash('sha256').update(bytes).digest()]));
  });
  return { server, port: await listening(server) };
}

interface Message {
  ready?: boolean;
  rss?: number;
  received?: number;
  verified?: number;
  wrong?: number;
}

/** The child, and its next message of a kind. */
function talk(child: ChildProcess) {
  const heard: Message[] = [];
  let wake: (() => void) | undefined;
  child.on('message', (message: Message) => {
    heard.push(message);
    wake?.();
  });
  child.on('exit', () => wake?.());
  return async (wanted: (message: Message) => boolean): Promise<Message> => {
    for (;;) {
      const index = heard.findIndex(wanted);
      if (index >= 0) return heard.splice(index, 1)[0];
      if (child.exitCode !== null) throw new Error(`the client ended with code ${child.exitCode}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
}

describe(`${READERS} readers that stall`, () => {
  it('cost the client their windows, and no more; when they read, everything comes', async () => {
    const source = await startSource();
    closers.push(() => source.server.close());
    const keyText = generateKey();
    const server = new Server({
      listen: { host: '127.0.0.1', port: 0 },
      users: [await parseKey(keyText)],
      config: { drainMs: 0 },
    });
    const { port } = await server.start();
    closers.push(() => server.close());
    const child = fork(
      join(root, 'test/support/stalled-client.mjs'),
      [`http://127.0.0.1:${port}`, keyText, String(source.port)],
      { execArgv: ['--expose-gc'], env: { ...process.env, WINDOW: String(WINDOW), NODE_OPTIONS: '' } },
    );
    closers.push(() => child.kill('SIGKILL'));
    const next = talk(child);
    await next((message) => message.ready === true);

    const measure = async (what: 'bytes' | 'memory'): Promise<{ rss: number; received: number }> => {
      child.send({ measure: what });
      const { rss = 0, received = 0 } = await next((message) => message.rss !== undefined);
      return { rss, received };
    };
    // A few go through first, so that code, pools and buffers are there.
    child.send({ open: WARM_UP });
    await expect
      .poll(async () => (await measure('bytes')).received, { timeout: 8000, interval: 50 })
      .toBe(WARM_UP * WINDOW);
    child.send({ resume: true });
    expect(await next((message) => message.verified !== undefined)).toEqual({ verified: WARM_UP, wrong: 0 });
    const before = await measure('memory');

    child.send({ open: READERS });
    const all = WARM_UP * FLOW + READERS * WINDOW;
    await expect
      .poll(async () => (await measure('bytes')).received, { timeout: 60_000, interval: 100 })
      .toBe(all);
    const after = await measure('memory');
    expect(after.rss - before.rss).toBeLessThanOrEqual(READERS * WINDOW * 1.2 + CONSTANT);
    // It stays at that.
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await measure('bytes')).received).toBe(all);

    child.send({ resume: true });
    expect(await next((message) => message.verified !== undefined)).toEqual({
      verified: WARM_UP + READERS,
      wrong: 0,
    });
  }, 90_000);
});
