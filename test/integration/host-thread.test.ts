import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EngineRun, StartEngine } from '../../src-main/host/engine-link.ts';
import { newDraft } from '../../src-shared/profile.ts';
import { isUp } from '../../src-shared/status.ts';
import { CulvertLab, says } from '../support/culvert-process.ts';
import { engineThread, type HostClient, HostRig, stateUntil } from '../support/host-rig.ts';
import { root } from '../support/sources.ts';

/** The engine in its own thread: what a busy one costs the page, and what happens when it dies. */
const PINGS = 300;
/** Two cores carry five busy processes here; a page that waits longer than this for a click feels it. */
const P99_MS = 100;

describe('the engine’s thread', () => {
  let lab: CulvertLab;
  let rig: HostRig;
  let client: HostClient;
  const runs: EngineRun[] = [];
  const watched: StartEngine = (generation) => {
    const run = engineThread(generation);
    runs.push(run);
    return run;
  };

  beforeEach(async () => {
    lab = new CulvertLab();
    rig = new HostRig({ startEngine: watched });
    client = await rig.overWebSocket();
  });
  afterEach(async () => {
    await rig.close();
    await lab.close();
    runs.length = 0;
  });

  /** A profile that is connected to a server process, with a forward to `target`. Gives its id and port. */
  async function forward(target: number): Promise<{ id: string; port: number }> {
    const server = await lab.server();
    const draft = newDraft({
      server: { scheme: 'http', host: '127.0.0.1', port: server.port, path: '/' },
      transport: 'ws',
      secrets: { key: { kind: 'set', text: server.key }, proxyPassword: { kind: 'keep' } },
      rules: [
        {
          kind: 'static',
          name: '',
          enabled: true,
          bind: { host: '127.0.0.1', port: 0 },
          target: { host: '', port: target },
        },
      ],
    });
    const { id } = await client.profiles.create({ draft });
    await client.profiles.connect({ ids: [id] });
    return { id, port: await listening(id) };
  }

  async function listening(id: string): Promise<number> {
    const state = await stateUntil(client, ({ statuses }) => {
      const { connection, listeners } = statuses[id];
      return connection.kind === 'connected' && Object.values(listeners)[0]?.kind === 'listening';
    });
    const [listener] = Object.values(state.statuses[id].listeners);
    return listener.kind === 'listening' ? listener.port : 0;
  }

  it('never delays a click while a tunnel is saturated', async () => {
    const pour = join(root, 'test/support/pour.mjs');
    const source = lab.program(process.execPath, [pour, 'source']);
    const [, target] = await says(source, /port (\d+)/);
    const { port } = await forward(Number(target));
    const sink = lab.program(process.execPath, [pour, 'sink', String(port)]);
    await says(sink, /bytes [1-9]\d{7,}/);

    const times: number[] = [];
    for (let ping = 0; ping < PINGS; ping++) {
      const started = performance.now();
      await client.system.ping();
      times.push(performance.now() - started);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    times.sort((a, b) => a - b);
    const p99 = times[Math.floor(PINGS * 0.99)];
    let rate = 0;
    for await (const { total } of await client.stats.live({ hz: 1, rulesOf: null })) {
      rate = total.down;
      break;
    }
    const figures =
      `while ${(rate / (1 << 20)).toFixed(0)} MiB/s come through, a ping takes ` +
      `p50 ${times[PINGS / 2].toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
    expect(rate).toBeGreaterThan(10 << 20);
    expect(p99, figures).toBeLessThan(P99_MS);
  }, 60_000);

  it('is started again when it dies: nothing looks connected meanwhile, and all comes back', async () => {
    const source = lab.program(process.execPath, [join(root, 'test/support/pour.mjs'), 'source']);
    const [, target] = await says(source, /port (\d+)/);
    const { id } = await forward(Number(target));
    await client.server.configure({ change: { bind: { host: '127.0.0.1', port: 18_100 } } });
    await client.tryIt.start();
    await stateUntil(client, ({ tryIt }) => tryIt.kind === 'on');

    const seen: string[] = [];
    const abort = new AbortController();
    const following = (async () => {
      for await (const event of await client.state.watch(undefined, { signal: abort.signal })) {
        if (event.kind !== 'patch') continue;
        for (const op of event.ops) {
          if (op.op === 'upsert' && op.table === 'statuses' && op.row.id === id)
            seen.push(op.row.connection.kind);
        }
      }
    })().catch(() => {});
    const killedAt = performance.now();
    await runs[0].kill();
    const lost = await stateUntil(client, ({ statuses }) => !isUp(statuses[id].connection));
    expect(performance.now() - killedAt).toBeLessThan(2_000);
    expect(lost.statuses[id].connection).toMatchObject({
      kind: 'reconnecting',
      failure: { code: 'ERR_ENGINE_LOST' },
    });
    expect(lost.tryIt).toMatchObject({ kind: 'failed', failure: { code: 'ERR_ENGINE_LOST' } });
    expect(Object.values(lost.notices)).toMatchObject([{ kind: 'engineRestarted' }]);
    await listening(id);
    abort.abort();
    await following;
    // What was on its way when the thread died was true then; after that nothing says so before it is.
    const lostAt = seen.indexOf('reconnecting');
    expect(lostAt).toBeGreaterThanOrEqual(0);
    expect(new Set(seen.slice(0, lostAt))).toEqual(new Set(lostAt > 0 ? ['connected'] : []));
    expect(seen.at(-1)).toBe('connected');
    expect(runs).toHaveLength(2);
  }, 60_000);
});
