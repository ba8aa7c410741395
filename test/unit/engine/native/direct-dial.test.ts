import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { dialDirectly } from '../../../../src-main/engine/native/direct-dial.ts';
import { DirectListener } from '../../../../src-main/engine/native/direct-listener.ts';
import type { DirectRuntime, DirectSocket } from '../../../../src-main/engine/native/direct-socket.ts';
import { EINPROGRESS, EMFILE } from '../../../../src-main/engine/native/system-calls.ts';
import { directSockets } from '../../../support/direct-sockets.ts';
import { listenOn } from '../../../support/tunnel-rig.ts';

const closers: Array<() => void> = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

let runtime: DirectRuntime;
beforeAll(async () => {
  runtime = await directSockets();
});

const eventually = (what: () => unknown) => expect.poll(what, { timeout: 5000 });

/** What became of a dial. */
function dialled(host: string, port: number) {
  const seen = { sockets: [] as DirectSocket[], errors: [] as string[], text: '' };
  const dial = dialDirectly(host, port, {
    take: (chunk) => {
      seen.text += chunk.toString();
      return true;
    },
    connected: (socket) => {
      seen.sockets.push(socket);
      closers.push(() => socket.destroy());
    },
    failed: (error) => seen.errors.push((error as NodeJS.ErrnoException).code ?? error.message),
  });
  closers.push(() => dial?.destroy());
  return { ...seen, seen, dial };
}

async function echo(): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  closers.push(() => server.close());
  return await listenOn(server);
}

async function listener(with_ = runtime, onSocket?: (socket: DirectSocket) => void) {
  const server: Server = createServer();
  const port = await listenOn(server);
  const accepted: DirectSocket[] = [];
  const listening = DirectListener.inPlaceOf(with_, server, (socket) => {
    accepted.push(socket);
    closers.push(() => socket.destroy());
    onSocket?.(socket);
  });
  if (listening === undefined) throw new Error('not taken over');
  closers.push(() => listening.close());
  return { server, port, accepted, listening };
}

describe('dialling by system calls', () => {
  it('has connected within the call on loopback', async () => {
    const port = await echo();
    const { seen } = dialled('127.0.0.1', port);
    expect(seen.sockets).toHaveLength(1);
    expect(seen.sockets[0].isLocal).toBe(true);
    seen.sockets[0].write(Buffer.from('heard'));
    await eventually(() => seen.text).toBe('heard');
  });

  it('says what refused', async () => {
    const server = createServer();
    const port = await listenOn(server);
    server.close();
    await once(server, 'close');
    const { seen } = dialled('127.0.0.1', port);
    await eventually(() => seen.errors).toEqual(['ECONNREFUSED']);
    // The kernel knows no way there.
    const away = dialled('255.255.255.255', 9);
    await eventually(() => away.seen.errors).toHaveLength(1);
    expect(away.seen.errors[0]).toMatch(/^E(?:ACCES|NETUNREACH|HOSTUNREACH)$/);
  });

  it('waits for a connection that takes its time, and gives up without a word', async () => {
    const port = await echo();
    let results: number[] = [];
    // As towards another machine: under way, then there.
    const { calls } = runtime;
    const real = calls.connect;
    const slow = (fd: number, address: Buffer, length: number): number => {
      results.push(real(fd, address, length));
      return -1;
    };
    const realErrno = calls.errno;
    Object.assign(calls, { connect: slow, errno: () => EINPROGRESS });
    try {
      const { seen } = dialled('127.0.0.1', port);
      const given = dialled('127.0.0.1', port);
      given.dial?.destroy();
      Object.assign(calls, { connect: real, errno: realErrno });
      await eventually(() => seen.sockets).toHaveLength(1);
      seen.sockets[0].write(Buffer.from('late'));
      await eventually(() => seen.text).toBe('late');
      expect(given.seen.sockets).toHaveLength(0);
      expect(given.seen.errors).toHaveLength(0);
      expect(results.length).toBeGreaterThan(0);
    } finally {
      Object.assign(calls, { connect: real, errno: realErrno });
      results = [];
    }
  });

  it('begins a burst in portions, which a target can take, and none that was given up', async () => {
    const { port, accepted } = await listener();
    const at = performance.now() + 5;
    const clock = vi.spyOn(performance, 'now').mockReturnValue(at);
    const dials = Array.from({ length: 200 }, () => dialled('127.0.0.1', port));
    clock.mockRestore();
    const connected = (): number => dials.filter(({ seen }) => seen.sockets.length === 1).length;
    expect(connected()).toBe(64);
    dials[199].dial?.destroy();
    await eventually(connected).toBe(199);
    await eventually(() => accepted.length).toBe(199);
    expect(dials[199].seen.errors).toEqual([]);
  });

  it('leaves names and IPv6 to Node', () => {
    expect(dialled('localhost', 1).dial).toBeUndefined();
    expect(dialled('::1', 1).dial).toBeUndefined();
  });
});

describe('a listener by system calls', () => {
  it('takes the connections of the server whose place it took', async () => {
    const { server, port, accepted } = await listener();
    expect(server.listening).toBe(false);
    const { seen } = dialled('127.0.0.1', port);
    await eventually(() => accepted.length).toBe(1);
    expect(accepted[0].isLocal).toBe(true);
    accepted[0].write(Buffer.from('hello'));
    await eventually(() => seen.text).toBe('hello');
  });

  it('takes more in one turn than it serves at once', async () => {
    const { port, accepted } = await listener();
    for (let i = 0; i < 50; i++) dialled('127.0.0.1', port);
    await eventually(() => accepted.length).toBe(50);
  });

  it('lets connections wait while there are no descriptors', async () => {
    let refusals = 0;
    const calls = {
      ...runtime.calls,
      accept4: (...values: Parameters<typeof runtime.calls.accept4>): number =>
        refusals++ < 1 ? -1 : runtime.calls.accept4(...values),
      errno: (): number => (refusals === 1 ? EMFILE : runtime.calls.errno()),
    };
    const { port, accepted } = await listener({ ...runtime, calls });
    dialled('127.0.0.1', port);
    await eventually(() => accepted.length).toBe(1);
    // It tried once, and again after the pause: not in between.
    expect(refusals).toBeLessThanOrEqual(3);
  });

  it('gives the port back', async () => {
    const { port, listening } = await listener();
    listening.close();
    listening.close();
    const again = createServer();
    closers.push(() => again.close());
    again.listen(port, '127.0.0.1');
    await once(again, 'listening');
  });
});
