import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SocketsAhead } from '../../../../../src-main/engine/carrier/http/sockets-ahead.ts';
import { HOST, until } from '../../../../support/culvert-process.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';
import { listenOn } from '../../../../support/tunnel-rig.ts';

const open = new Set<Socket>();
const server = createServer((socket) => {
  open.add(socket);
  socket.on('error', () => {});
  socket.once('close', () => open.delete(socket));
  socket.resume();
});
let port = 0;
let clock: FakeClock;
let ahead: SocketsAhead;
let made: Socket[];

beforeEach(async () => {
  port = await listenOn(server);
  clock = new FakeClock();
  made = [];
  ahead = new SocketsAhead(
    () =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: HOST, port });
        made.push(socket);
        socket.once('connect', () => resolve(socket)).once('error', reject);
      }),
    clock,
  );
});
afterEach(async () => {
  ahead.close();
  for (const socket of [...made, ...open]) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

/** Two are there, connected. */
async function filled(): Promise<void> {
  ahead.learn(false);
  ahead.stir();
  await until('two', () => open.size === 2 && ahead.size === 2);
}

describe('connections ahead', () => {
  it('are made where the path closes each and data moves, and nowhere else', async () => {
    ahead.stir();
    ahead.learn(true);
    ahead.stir();
    expect(ahead.take()).toBeUndefined();
    ahead.learn(false);
    clock.advance(2_000);
    expect(ahead.take()).toBeUndefined();
    expect(made).toEqual([]);
    await filled();
    ahead.stir();
    expect(made.length).toBe(2);
  });

  it('are given out once each, the oldest first, and made up for', async () => {
    await filled();
    const [first, second] = [await ahead.take(), await ahead.take()];
    expect([first, second]).toEqual(made.slice(0, 2));
    expect(first?.readyState).toBe('open');
    expect(made.length).toBe(4);
  });

  it('are closed when nothing has moved for a while', async () => {
    await filled();
    clock.advance(1_500);
    ahead.stir();
    clock.advance(1_500);
    expect(ahead.size).toBe(2);
    clock.advance(500);
    expect(ahead.size).toBe(0);
    await until('the server knows', () => open.size === 0);
    expect(clock.pending).toBe(0);
  });

  it('are closed when the path keeps one after all', async () => {
    await filled();
    ahead.learn(true);
    expect(ahead.take()).toBeUndefined();
    await until('the server knows', () => open.size === 0);
  });

  it.each([
    ['ended', (socket: Socket) => socket.end()],
    ['reset', (socket: Socket) => socket.resetAndDestroy()],
    ['answered before it was asked', (socket: Socket) => socket.write('HTTP/1.1 408 Request Timeout\r\n')],
  ])('are of no use once the proxy has %s them', async (_, say) => {
    await filled();
    for (const socket of open) say(socket);
    await until('that came', () =>
      made.every((socket) => socket.destroyed || socket.readableEnded || socket.readableLength > 0),
    );
    expect(ahead.take()).toBeUndefined();
  });

  it('are of no use once they have waited for long', async () => {
    await filled();
    for (let i = 0; i < 5; i++) {
      clock.advance(1_000);
      ahead.stir();
    }
    expect(ahead.take()).toBeUndefined();
    await until('they are closed', () => open.size === 0);
  });

  it('that cannot be made are not waited for', async () => {
    const gone = new SocketsAhead(() => Promise.reject(new Error('refused')), clock);
    gone.learn(false);
    gone.stir();
    await until('they have failed', () => gone.size === 0);
    expect(gone.take()).toBeUndefined();
    gone.close();
  });
});
