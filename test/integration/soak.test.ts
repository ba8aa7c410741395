import { expect, it } from 'vitest';
import { runSoak, type SoakOptions, type SoakResult } from '../soak/run-soak.ts';

/** Longer forms: npm run soak -- --kills=10000, and --steady --every=300 --kills=200 --outage=0. */
const quiet = (): void => {};

async function soak(options: SoakOptions): Promise<SoakResult> {
  const result = await runSoak(options, quiet);
  expect(result.wrong).toEqual([]);
  expect(result.sessionLost).toBe(false);
  expect(Object.values(result.kills).reduce((sum, count) => sum + count, 0)).toBe(options.kills);
  return result;
}

it('a carrier killed every 300 ms under 50 idle and 4 busy streams: none is lost, no byte changed', async () => {
  const common = { kills: 10, seed: 1, idle: 50, busy: 4, everyMs: 300, steady: true, outageMs: 0 };
  const result = await soak({ ...common, transport: 'ws' });
  // Each carrier had connected before it was killed.
  expect(result.resumes).toBeGreaterThanOrEqual(10);
  expect(result.bytes).toBeGreaterThan(1 << 20);
}, 120_000);

it('carriers killed at random, with outages: streams move again soon after the network is back', async () => {
  const common = { kills: 20, seed: 2, idle: 8, busy: 1, everyMs: 40, steady: false, outageMs: 400 };
  const result = await soak({ ...common, transport: 'ws' });
  expect(result.resumes).toBeGreaterThanOrEqual(20);
  // What leaves on a path that swallows it leaves again.
  expect(result.resentBytes).toBeGreaterThan(0);
  expect(Object.values(result.kills).every((count) => count > 0)).toBe(true);
  // The round trip and 100 ms are measured by `npm run soak`, and hold on fake time in test/scenario/dialer.test.ts;
  // here the machine may be busy with other things.
  expect(result.backMs.p50).toBeLessThan(2000);
}, 120_000);

it.each(['http', 'auto'] as const)(
  'the same over %s',
  async (transport) => {
    const common = { kills: 10, seed: 3, idle: 8, busy: 2, everyMs: 60, steady: false, outageMs: 200 };
    const result = await soak({ ...common, transport });
    // HTTP bridges short interruptions by itself, but not without sending some of it again.
    expect(result.resentBytes + result.resumes).toBeGreaterThan(0);
    expect(result.backMs.p50).toBeLessThan(2000);
  },
  120_000,
);
