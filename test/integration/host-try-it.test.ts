import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineThread, type HostClient, HostRig, stateUntil } from '../support/host-rig.ts';

/** The host as it ships, its engine in a thread: what *Try it on this machine* promises. */
describe('try it on this machine', () => {
  let rig: HostRig;
  let client: HostClient;
  beforeAll(async () => {
    rig = new HostRig({ startEngine: engineThread });
    client = await rig.overWebSocket();
  });
  afterAll(() => rig.close());

  it('is connected and moves data within ten seconds, and leaves nothing behind', async () => {
    const started = performance.now();
    await client.tryIt.start();
    const state = await stateUntil(client, ({ tryIt, statuses }) => {
      return tryIt.kind === 'on' && statuses[tryIt.profileId]?.connection.kind === 'connected';
    });
    if (state.tryIt.kind !== 'on') throw new Error('not on');
    const { profileId, url } = state.tryIt;
    expect(state.profiles[profileId].origin).toBe('try');
    expect(await (await fetch(url)).text()).toMatch(/came through the tunnel/);

    let moving = 0;
    for await (const sample of await client.stats.live({ hz: 10, rulesOf: profileId })) {
      if (sample.total.down > 0 && sample.total.up > 0) moving++;
      if (moving > 0) expect(sample.rules).toHaveLength(1);
      if (moving >= 5) break;
    }
    expect(performance.now() - started).toBeLessThan(10_000);
    const history = await client.stats.history({ scope: { kind: 'total' }, window: '1m' });
    expect(history.down.filter((rate) => (rate ?? 0) > 0).length).toBeGreaterThan(1);

    await client.tryIt.stop();
    const after = await stateUntil(client, ({ tryIt }) => tryIt.kind === 'off');
    expect([after.order, after.profiles, after.statuses]).toEqual([[], {}, {}]);
    await expect(fetch(url)).rejects.toThrow();
  });

  it('is off when it is stopped while it starts, and that is no failure', async () => {
    const starting = client.tryIt.start().catch(() => {});
    await stateUntil(client, ({ tryIt }) => tryIt.kind !== 'off');
    await client.tryIt.stop();
    await starting;
    const state = await stateUntil(client, ({ tryIt }) => tryIt.kind !== 'starting');
    expect(state.tryIt).toEqual({ kind: 'off' });
    expect(state.profiles).toEqual({});
  });
});
