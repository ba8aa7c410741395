import { once } from 'node:events';
import { connect, createServer, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { TcpListener } from '../../../../src-main/engine/client/tcp-listener.ts';
import type { AnySocket } from '../../../../src-main/engine/native/any-socket.ts';
import { enableDirectSockets } from '../../../../src-main/engine/native/direct-runtime.ts';
import { DirectSocket } from '../../../../src-main/engine/native/direct-socket.ts';

const closers: Array<() => void> = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const ANY = { host: '127.0.0.1', port: 0 };
const eventually = (what: () => unknown) => expect.poll(what, { timeout: 5000 });

function listener() {
  const accepted: AnySocket[] = [];
  const take = (socket: AnySocket): void => {
    accepted.push(socket);
    if (socket instanceof Socket) socket.on('error', () => {});
  };
  const made = new TcpListener(take, take);
  closers.push(() => made.destroy());
  return { made, accepted };
}

function user(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  closers.push(() => socket.destroy());
  return socket;
}

/** Whether somebody listens there. */
async function listens(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

describe('a TCP listener', () => {
  it('hands out direct sockets from soon after it listens on, and loses no connection before', async () => {
    const { made, accepted } = listener();
    const { port } = await made.listen(ANY);
    const early = user(port);
    await once(early, 'connect');
    await eventually(() => accepted.length).toBe(1);
    await enableDirectSockets();
    await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 20; i++) user(port);
    await eventually(() => accepted.length).toBe(21);
    expect(accepted.slice(1).every((socket) => socket instanceof DirectSocket)).toBe(true);
    expect(made.connections).toBe(21);
  });

  it('takes no more once it is stopped; those there go on until it is destroyed', async () => {
    const { made, accepted } = listener();
    const { port } = await made.listen(ANY);
    await enableDirectSockets();
    await new Promise((resolve) => setImmediate(resolve));
    const near = user(port);
    const closed = once(near, 'close');
    await eventually(() => accepted.length).toBe(1);
    made.stop();
    made.stop();
    expect(await listens(port)).toBe(false);
    expect(accepted[0].destroyed).toBe(false);
    near.resume();
    made.destroy();
    await closed;
    expect(made.connections).toBe(0);
  });

  it('gives the port back when it is stopped as soon as it listens', async () => {
    const { made } = listener();
    const { port } = await made.listen(ANY);
    made.stop();
    await enableDirectSockets();
    await new Promise((resolve) => setImmediate(resolve));
    const again = createServer();
    closers.push(() => again.close());
    again.listen(port, '127.0.0.1');
    await once(again, 'listening');
  });
});
