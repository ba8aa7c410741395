import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { callPaths } from '../../src-shared/contract.ts';
import { ERROR_CODES, toFailure } from '../../src-shared/errors.ts';
import { newDraft } from '../../src-shared/profile.ts';
import { draftOfRule } from '../../src-shared/rules.ts';
import { freePort } from '../support/far-end.ts';
import { payloads } from '../support/fuzz.ts';
import { type HostClient, HostRig, stateUntil } from '../support/host-rig.ts';

/**
 * 1,000 payloads per call, most of them a valid one with something wrong: each gets an answer or a typed error, and
 * the host goes on. One in five goes over a WebSocket, the others over a message port. The seed is fixed.
 */
const RUNS = 1_000;
const RUNS_WITHOUT_INPUT = 20;
const OVER_WEBSOCKET = 5;
const draft = newDraft({ name: 'a', server: { scheme: 'http', host: '127.0.0.1', port: 9, path: '/' } });
const rule = draftOfRule({
  id: 'r1',
  name: '',
  enabled: false,
  kind: 'static',
  bind: { host: '127.0.0.1', port: 0 },
  target: { host: 'x.example', port: 80 },
});
const passphrase = 'x';

/** A valid payload of each call; calls that are not here take none. */
const VALID: Readonly<Record<string, unknown>> = {
  'system.hello': { contract: 1 },
  'system.networkChanged': { online: true },
  'system.dismissNotice': { id: 'n1' },
  'stats.live': { hz: 10, rulesOf: null },
  'stats.history': { scope: { kind: 'total' }, window: '1m' },
  'stats.daily': { profileId: null, days: 90 },
  'profiles.create': { draft },
  'profiles.update': { id: 'p1', revision: 1, draft },
  'profiles.duplicate': { id: 'p1', name: '' },
  'profiles.remove': { ids: ['p1'] },
  'profiles.move': { id: 'p1', before: null },
  'profiles.test': { id: null, draft },
  'profiles.connect': { ids: ['p1'] },
  'profiles.disconnect': { ids: ['p1'] },
  'profiles.retryNow': { id: null },
  'profiles.setTransport': { id: 'p1', transport: 'ws' },
  'profiles.reveal': { id: 'p1', secret: { kind: 'ruleAuth', ruleId: 'r1' } },
  'keys.inspect': { text: '' },
  'rules.create': { profileId: 'p1', draft: rule },
  'rules.update': { profileId: 'p1', ruleId: 'r1', revision: 1, draft: rule },
  'rules.remove': { profileId: 'p1', ruleIds: ['r1'] },
  'rules.setEnabled': { profileId: 'p1', ruleId: 'r1', enabled: true },
  'rules.checkPort': { protocol: 'tcp', bind: { host: '127.0.0.1', port: 0 }, except: null },
  'undo.run': { token: 't1' },
  'connections.watch': { profileId: null, hz: 1 },
  'connections.close': { ids: ['c1'] },
  'connections.closeAll': { profileId: null },
  'server.configure': { change: { bind: { host: '127.0.0.1', port: 9 }, path: '/x' } },
  'server.setKey': { kind: 'set', text: '' },
  'server.pairingLink': { withKey: false, host: 'h.example' },
  'server.clients': { hz: 1 },
  'server.disconnect': { id: 'ff' },
  'logs.watch': { level: 'info', tail: 10 },
  'logs.export': { filter: { level: 'info', profileId: null, text: '' } },
  'share.link': { id: 'p1', withKey: true, withRules: true },
  'imports.preview': { text: 'goflyway -D 1080 h:80 -p x' },
  'imports.apply': { items: [{ draft, replace: null }] },
  'backup.create': { withKeys: true, passphrase: null },
  'backup.preview': { content: '{"format":"culvert-backup"}', passphrase },
  'backup.restore': { content: '{}', passphrase, mode: 'merge', settings: true, server: true },
  'settings.change': { change: { theme: 'dark' } },
  'secrets.unlock': { passphrase },
  'secrets.setStore': { store: 'file' },
};

describe('fuzzed payloads', () => {
  let rig: HostRig;
  let client: HostClient;
  let clients: readonly HostClient[];
  beforeAll(async () => {
    rig = new HostRig();
    client = rig.overPort();
    clients = [await rig.overWebSocket(), ...Array(OVER_WEBSOCKET - 1).fill(client)];
    // A port that others do not want, on loopback alone.
    await client.server.configure({ change: { bind: { host: '127.0.0.1', port: await freePort() } } });
  });
  afterAll(() => rig.close());

  it.each(callPaths())(
    '%s',
    async (path) => {
      // The library reports ill-formed messages to the console.
      const report = vi.spyOn(console, 'error').mockImplementation(() => {});
      const [group, name] = path.split('.');
      const calls = clients.map(
        (one) => Reflect.get(Reflect.get(one, group), name) as (input: unknown) => Promise<unknown>,
      );
      let refused = 0;
      const one = async (payload: unknown, at: number): Promise<void> => {
        try {
          const answer = await calls[at % calls.length](payload);
          if (isStream(answer)) await answer.return(undefined);
        } catch (error) {
          refused++;
          const { code } = toFailure(error);
          if (code === 'ERR_INTERNAL') throw new Error(`${path} ${JSON.stringify(payload)}: ${error}`);
          expect(ERROR_CODES).toContain(code);
        }
      };
      // What a call without an input is given does not reach it.
      const numRuns = path in VALID ? RUNS : RUNS_WITHOUT_INPUT;
      const given = fc.sample(payloads(VALID[path] ?? {}), { seed: 1, numRuns });
      for (let at = 0; at < given.length; at += 50) await Promise.all(given.slice(at, at + 50).map(one));
      if (path in VALID) expect(refused).toBeGreaterThan(RUNS / 3);
      report.mockRestore();
    },
    60_000,
  );

  it('has left the host as able as before', async () => {
    await client.tryIt.start();
    await stateUntil(client, ({ tryIt }) => tryIt.kind === 'on');
    await client.tryIt.stop();
  });
});

function isStream(value: unknown): value is AsyncGenerator {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
