import { describe, expect, it } from 'vitest';
import { StateHub } from '../../../src-main/host/state-hub.ts';
import { MAX_NOTICES } from '../../../src-shared/limits.ts';
import { applyPatch, type StateEvent } from '../../../src-shared/patch.ts';
import { emptyState } from '../../../src-shared/state.ts';
import { hostInfo, profileView } from '../shared/samples.ts';

const hub = () => new StateHub(emptyState(hostInfo));
const idle = (signal: AbortSignal, busy = () => false) => ({ signal, busy });

describe('the state hub', () => {
  it('gives a snapshot, then what changed, gathered', async () => {
    const state = hub();
    const abort = new AbortController();
    const events = state.watch(idle(abort.signal));
    const first = await events.next();
    let current = applyPatch(undefined, first.value as StateEvent);
    state.set({ network: 'online' });
    const second = await events.next();
    current = applyPatch(current === 'lost' ? undefined : current, second.value as StateEvent);
    // Within the period many changes are one message, of which each row stands once.
    const started = performance.now();
    for (let number = 0; number < 100; number++) {
      state.set({ profiles: { a: profileView('a', { name: `${number}` }) }, network: 'offline' });
    }
    const third = (await events.next()).value as StateEvent;
    expect(performance.now() - started).toBeGreaterThan(30);
    expect(third).toMatchObject({ kind: 'patch', rev: 2 });
    if (third.kind === 'patch') expect(third.ops).toHaveLength(2);
    current = applyPatch(current === 'lost' ? undefined : current, third);
    expect(current).toMatchObject({ state: { network: 'offline', profiles: { a: { name: '99' } } } });
    abort.abort();
    expect((await events.next()).done).toBe(true);
  });

  it('gives a snapshot where too much changed at once', async () => {
    const state = hub();
    const abort = new AbortController();
    const events = state.watch(idle(abort.signal));
    await events.next();
    const many = Array.from(
      { length: 5_000 },
      (_, index) => [`p${index}`, profileView(`p${index}`)] as const,
    );
    state.set({ profiles: Object.fromEntries(many) });
    expect((await events.next()).value).toMatchObject({ kind: 'snapshot', rev: 1 });
    abort.abort();
  });

  it('waits for a reader that is busy, and then gives the whole difference', async () => {
    const state = hub();
    const abort = new AbortController();
    let busy = true;
    const events = state.watch(idle(abort.signal, () => busy));
    await events.next();
    state.set({ network: 'online' });
    const next = events.next();
    await new Promise((resolve) => setTimeout(resolve, 120));
    state.set({ network: 'offline' });
    busy = false;
    expect((await next).value).toMatchObject({
      kind: 'patch',
      rev: 1,
      ops: [{ key: 'network', value: 'offline' }],
    });
    abort.abort();
  });

  it('wakes nobody for what is no change', async () => {
    const state = hub();
    const before = state.state;
    state.set({ network: before.network, order: before.order });
    expect(state.state).toBe(before);
  });

  it('keeps so many notices, the newest, until they are dismissed', () => {
    const state = hub();
    for (let number = 0; number <= MAX_NOTICES; number++) {
      state.notice('engineRestarted', { code: 'ERR_ENGINE_LOST', message: `${number}` });
    }
    const notices = Object.values(state.state.notices);
    expect(notices).toHaveLength(MAX_NOTICES);
    expect(notices.map(({ failure }) => failure?.message)).not.toContain('0');
    expect([state.dismiss(notices[0].id), state.dismiss(notices[0].id)]).toEqual([true, false]);
  });
});
