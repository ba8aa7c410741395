import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { turns } from '../../../../src-main/engine/base/turns.ts';
import { type DirectRuntime, DirectSocket } from '../../../../src-main/engine/native/direct-socket.ts';
import { Spin } from '../../../../src-main/engine/native/spin.ts';
import { EPOLLIN } from '../../../../src-main/engine/native/system-calls.ts';
import { WakeTimer } from '../../../../src-main/engine/native/wake-timer.ts';
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

type Take = (chunk: Buffer) => boolean;

/** Two direct sockets that are connected, and what they do with what they read. */
async function pair(takeNear: Take, takeFar: Take): Promise<{ near: DirectSocket; far: DirectSocket }> {
  const server = createServer({ pauseOnConnect: true });
  const port = await listenOn(server);
  const near = connect({ port, host: '127.0.0.1' });
  const [accepted] = (await once(server, 'connection')) as [Socket];
  if (near.connecting) await once(near, 'connect');
  near.pause();
  const sockets = [
    DirectSocket.adopt(runtime, near, takeNear),
    DirectSocket.adopt(runtime, accepted, takeFar),
  ];
  const [one, other] = sockets;
  if (one === undefined || other === undefined) throw new Error('not taken over');
  closers.push(() => {
    one.destroy();
    other.destroy();
    server.close();
  });
  return { near: one, far: other };
}

/** A pair that sends one byte to and fro, as fast as it goes, from the first `near.write` on. */
async function pingPong() {
  let turns = 0;
  const sockets: { near?: DirectSocket; far?: DirectSocket } = {};
  const answer = (from: 'near' | 'far') => (chunk: Buffer) => {
    turns++;
    sockets[from]?.write(Buffer.from(chunk));
    return true;
  };
  const { near, far } = await pair(answer('near'), answer('far'));
  Object.assign(sockets, { near, far });
  near.write(Buffer.from('x'));
  return { turns: () => turns, near };
}

const eventually = (what: () => unknown) => expect.poll(what, { timeout: 5000 });

describe('the poller', () => {
  it('lets timers, immediates, promises and other sockets have their turn under steady traffic', async () => {
    const { turns } = await pingPong();
    const server = createServer((socket) => socket.end('from Node'));
    const port = await listenOn(server);
    closers.push(() => server.close());
    const begun = performance.now();
    const before = turns();
    const [late, text] = await Promise.all([
      new Promise<number>((resolve) => setTimeout(() => resolve(performance.now() - begun), 50)),
      new Promise<string>((resolve, reject) => {
        const socket = connect({ port, host: '127.0.0.1' });
        socket.on('error', reject);
        socket.on('data', (chunk) => resolve(chunk.toString()));
      }),
      new Promise<void>((resolve) => setImmediate(resolve)),
      new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve))),
    ]);
    expect(text).toBe('from Node');
    expect(late).toBeGreaterThan(48);
    expect(late).toBeLessThan(1000);
    expect(turns() - before).toBeGreaterThan(50);
  });

  it('wakes for a timer while nothing else happens', async () => {
    const { near, turns } = await pingPong();
    await eventually(turns).toBeGreaterThan(100);
    near.pause();
    const before = turns();
    for (let i = 0; i < 3; i++) {
      const begun = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(performance.now() - begun).toBeLessThan(1000);
    }
    expect(turns() - before).toBeLessThan(3);
  });

  it('runs ticks and promises after each event, before the next', async () => {
    const order: string[] = [];
    const take =
      (name: string): Take =>
      () => {
        order.push(name);
        process.nextTick(() => order.push(`${name} tick`));
        void Promise.resolve().then(() => order.push(`${name} promise`));
        return true;
      };
    const one = await pair(take('one'), () => true);
    const two = await pair(take('two'), () => true);
    // Both are ready in one round.
    one.far.write(Buffer.from('x'));
    two.far.write(Buffer.from('x'));
    await eventually(() => order.length).toBe(6);
    expect(order).toEqual(['one', 'one tick', 'one promise', 'two', 'two tick', 'two promise']);
  });

  it('does not tell a socket that another has destroyed in the same round', async () => {
    const told: string[] = [];
    const sockets: DirectSocket[] = [];
    const take =
      (name: string): Take =>
      () => {
        told.push(name);
        for (const socket of sockets) socket.destroy();
        return true;
      };
    const one = await pair(take('one'), () => true);
    const two = await pair(take('two'), () => true);
    sockets.push(one.near, two.near);
    one.far.write(Buffer.from('x'));
    two.far.write(Buffer.from('x'));
    await eventually(() => told).toEqual(['one']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual(['one']);
  });

  it('serves a socket that is resumed from elsewhere', async () => {
    let bytes = 0;
    let takes = false;
    const { near, far } = await pair(
      (chunk) => {
        bytes += chunk.length;
        return takes;
      },
      () => true,
    );
    far.write(Buffer.alloc(700_000));
    await eventually(() => bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(700_000);
    takes = true;
    // From a timer of Node's: no event will come that could be waited for.
    setTimeout(() => near.resume(), 1);
    await eventually(() => bytes).toBe(700_000);
  });
});

describe('waiting for the next message', () => {
  it('is done awake while somebody exchanges small ones, and asleep otherwise', async () => {
    const waits = vi.spyOn(Spin.prototype, 'wait');
    closers.push(() => waits.mockRestore());
    /** What was waited for awake since the last look. */
    const caught = (): number => {
      const results = waits.mock.results.map(({ value }) => value);
      waits.mockClear();
      return results.filter((ready) => ready > 0).length;
    };
    const game = await pingPong();
    const goOn = (): Promise<void> => eventually(game.turns).toBeGreaterThan(game.turns() + 5000);
    await goOn();
    expect(caught()).toBe(0);
    turns.shorten();
    await eventually(caught).toBeGreaterThan(100);
    // Nobody does any more, a second later.
    await eventually(() => turns.areShort).toBe(false);
    caught();
    await goOn();
    expect(caught()).toBe(0);
  });
});

describe('the wake timer', () => {
  it('goes off when it was said to, and then not again', async () => {
    const timer = new WakeTimer(runtime.calls);
    let calls = 0;
    const begun = performance.now();
    let took = 0;
    runtime.poller.ref();
    runtime.poller.add(timer.fd, EPOLLIN, {
      onEvents: () => {
        calls++;
        took = performance.now() - begun;
        timer.clear();
      },
    });
    closers.push(() => {
      runtime.poller.forget(timer.fd);
      runtime.poller.unref();
      runtime.calls.close(timer.fd);
    });
    timer.by(performance.now() + 5000);
    timer.by(performance.now() + 40);
    // Later ones change nothing.
    timer.by(performance.now() + 3000);
    await eventually(() => calls).toBe(1);
    expect(took).toBeGreaterThan(39);
    expect(took).toBeLessThan(1000);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(calls).toBe(1);
  });
});
