import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../../support/culvert-process.ts';
import { HostileProxy, type Hostility } from '../../../support/hostile-proxy.ts';
import { exchangeBytes, type RigOptions, startRig, type TunnelRig } from '../../../support/tunnel-rig.ts';

let rig: TunnelRig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

let proxy: HostileProxy | undefined;
afterEach(async () => {
  await proxy?.close();
  proxy = undefined;
});

/** An echo rig behind a proxy that does as it is told. */
async function behindProxy(
  hostility: Hostility,
  options: Partial<RigOptions> = {},
  between = new HostileProxy(1, hostility),
): Promise<TunnelRig> {
  proxy = between;
  rig = await startRig({
    target: (socket) => socket.pipe(socket),
    between: async (port) => `http://127.0.0.1:${await between.start(port)}/`,
    ...options,
  });
  return rig;
}

describe('a path with limits', () => {
  it('takes records that are longer than any body it lets through', async () => {
    const { port } = await behindProxy({});
    const warm = randomBytes(6_000_000);
    expect((await exchangeBytes(port, warm)).equals(warm)).toBe(true);
    // Records of many kilobytes are being made now; each has to go in pieces.
    if (proxy !== undefined) proxy.hostility = { maxBody: 12_000, loseResponse: 0.1 };
    const bytes = randomBytes(1_000_000);
    expect((await exchangeBytes(port, bytes)).equals(bytes)).toBe(true);
    expect(proxy?.counts.tooLarge).toBeGreaterThan(2);
    expect(rig?.client.status().session?.resumes).toBe(0);
  });

  it('is asked once per hold when idle', async () => {
    const { port } = await behindProxy({});
    expect((await exchangeBytes(port, Buffer.from('x'))).toString()).toBe('x');
    await new Promise((resolve) => setTimeout(resolve, 500));
    const before = proxy?.counts.requests ?? 0;
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect((proxy?.counts.requests ?? 0) - before).toBeLessThanOrEqual(1);
  });
});

describe('a path that closes each connection', () => {
  it('has some that wait for the next request while data moves, and none at rest', async () => {
    const between = new HostileProxy(1, { closeEach: true });
    const { port } = await behindProxy(between.hostility, {}, between);
    const socket = connect({ host: '127.0.0.1', port });
    await until('a request on one that was there before', async () => {
      // As long as a round trip: those that are made for it are new.
      await new Promise((resolve) => setTimeout(resolve, 60));
      socket.write('x');
      await once(socket, 'data');
      return between.ages.some((ms) => ms >= 50);
    });
    expect(between.unused.size).toBeLessThanOrEqual(2);
    // Not only between one that is taken and the next.
    let none = 0;
    await until('none is left at rest', () => {
      none = between.unused.size === 0 ? none + 1 : 0;
      return none >= 20;
    });
    socket.destroy();
  });
});

describe('a tunnel over HTTP', () => {
  it('carries bytes both ways, exactly, with half-close', async () => {
    rig = await startRig({ target: (socket) => socket.pipe(socket) });
    for (const size of [0, 1, 1000, 100_000, 5_000_000]) {
      const bytes = randomBytes(size);
      const back = await exchangeBytes(rig.port, bytes);
      expect(back.length).toBe(size);
      expect(back.equals(bytes)).toBe(true);
    }
    expect(rig.client.status().state.kind).toBe('connected');
  });

  it('carries many streams at once', async () => {
    rig = await startRig({ target: (socket) => socket.pipe(socket) });
    const { port } = rig;
    const all = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const bytes = randomBytes(1000 + i * 5000);
        return (await exchangeBytes(port, bytes)).equals(bytes);
      }),
    );
    expect(all.every(Boolean)).toBe(true);
  });
});
