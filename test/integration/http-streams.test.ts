import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../support/culvert-process.ts';
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

/** Sends pieces to an echo, each when the one before came back, until `enough`, which gets told of each. */
async function talk(
  port: number,
  enough: () => boolean,
  onRoundTrip = (): (() => void) => () => {},
): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  let got = 0;
  let sent = 0;
  socket.on('data', (chunk: Buffer) => {
    got += chunk.length;
  });
  while (!enough()) {
    const back = onRoundTrip();
    sent += 8000;
    socket.write(Buffer.alloc(8000, sent));
    while (got < sent) await once(socket, 'data');
    back();
    await pause(5);
  }
  socket.destroy();
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
  it('carry data both ways, end when nothing moves, and leave one request', { timeout: 60_000 }, async () => {
    const path = await through(true);
    const { counts } = path.proxy;
    // A try and a stream each way, at least.
    await talk(path.rig.port, () => counts.streamedAnswer >= 2 && counts.streamedRequest >= 2);
    const { learnt } = path.rig.client.status().carrier ?? {};
    expect(learnt).toMatchObject({ streamsUp: true, streamsDown: true });
    // They end 4 s after the last data; what acknowledges that data is data too.
    await until('one request waits', () => path.proxy.open === 1, 20_000);
    const before = counts.requests;
    await pause(500);
    expect(path.proxy.open).toBe(1);
    expect(counts.requests - before).toBeLessThanOrEqual(1);
  });

  it('are tried beside the data of a path that buffers, not before it', { timeout: 60_000 }, async () => {
    // A try takes 300 ms, in which data comes and goes; only a machine that stands still has none then.
    for (let round = 0; round < 4; round++) {
      const path = await through(false);
      const { collecting } = path.proxy;
      const tries = new Set<object>();
      const passed = new Set<object>();
      await talk(
        path.rig.port,
        () => tries.size >= 2 && collecting.size === 0,
        () => {
          const begun = [...collecting];
          for (const each of begun) tries.add(each);
          // Still being collected when a round trip that began beside it is over.
          return () => {
            for (const each of begun) if (collecting.has(each)) passed.add(each);
          };
        },
      );
      // Neither a try nor what it found out costs data a repetition.
      expect(path.rig.client.status().session?.resentBytes).toBe(0);
      if (passed.size >= 2) return;
      await rig?.close();
      await proxy?.close();
    }
    throw new Error('data waited for the end of every try');
  });
});
