import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { HostileProxy } from '../support/hostile-proxy.ts';
import { startRig, type TunnelRig } from '../support/tunnel-rig.ts';

let rig: TunnelRig | undefined;
let proxy: HostileProxy | undefined;
afterEach(async () => {
  await rig?.close();
  await proxy?.close();
  rig = undefined;
  proxy = undefined;
});

/** Sends pieces for `ms` to an echo; gives how long the slowest took to come back, ms. */
async function talk(port: number, ms: number): Promise<number> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  let got = 0;
  let sent = 0;
  let slowest = 0;
  socket.on('data', (chunk: Buffer) => {
    got += chunk.length;
  });
  const until = performance.now() + ms;
  while (performance.now() < until) {
    const at = performance.now();
    sent += 8000;
    socket.write(Buffer.alloc(8000, sent));
    while (got < sent) await once(socket, 'data');
    slowest = Math.max(slowest, performance.now() - at);
    await pause(10);
  }
  socket.destroy();
  return slowest;
}

async function through(streams: boolean): Promise<{ rig: TunnelRig; proxy: HostileProxy }> {
  const between = new HostileProxy(1, { streams });
  proxy = between;
  rig = await startRig({
    target: (socket) => socket.pipe(socket),
    between: async (port) => `http://127.0.0.1:${await between.start(port)}/`,
  });
  return { rig, proxy };
}

describe('streams of the HTTP carrier', () => {
  it('carry data both ways, end when nothing moves, and leave one request', { timeout: 20_000 }, async () => {
    const path = await through(true);
    await talk(path.rig.port, 2000);
    // A try and a stream each way, at least.
    expect(path.proxy.counts.streamedAnswer).toBeGreaterThanOrEqual(2);
    expect(path.proxy.counts.streamedRequest).toBeGreaterThanOrEqual(2);
    // They end 4 s after the last data; what acknowledges that data is data too.
    await pause(5500);
    const before = path.proxy.counts.requests;
    await pause(2500);
    expect(path.proxy.counts.requests - before).toBeLessThanOrEqual(1);
  });

  it('are tried without delay to the data of a path that buffers', { timeout: 20_000 }, async () => {
    const path = await through(false);
    const slowest = await talk(path.rig.port, 2000);
    expect(path.rig.client.status().session?.resentBytes).toBe(0);
    // A try lasts 300 ms, and data behind one takes as long. So may a busy machine, but not twice.
    if (slowest < 250) return;
    await rig?.close();
    await proxy?.close();
    const again = await through(false);
    expect(await talk(again.rig.port, 2000)).toBeLessThan(250);
  });
});
