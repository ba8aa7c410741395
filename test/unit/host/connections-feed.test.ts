import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { difference, watchConnections } from '../../../src-main/host/connections-feed.ts';
import { applyConnections, type ConnectionRow } from '../../../src-shared/connections.ts';

const row = (id: string, change: Partial<ConnectionRow> = {}): ConnectionRow => ({
  id,
  profileId: 'p',
  ruleId: 'r',
  protocol: 'tcp',
  target: { host: 'a.example', port: 80 },
  state: 'open',
  transport: 'ws',
  openedAt: 1,
  resumes: 0,
  replayedBytes: 0,
  sent: 0,
  received: 0,
  up: 0,
  down: 0,
  ...change,
});

const rows = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    sent: fc.nat(2),
    state: fc.constantFrom('open' as const, 'held' as const),
  }),
  { selector: ({ id }) => id },
);

describe('the feed of connections', () => {
  it('turns one table into another, whatever they are', () => {
    fc.assert(
      fc.property(rows, rows, (before, after) => {
        const [old, now] = [before, after].map((list) => list.map(({ id, ...change }) => row(id, change)));
        const table = { total: old.length, rows: new Map(old.map((one) => [one.id, one])) };
        const next = applyConnections(table, difference(table.rows, now, now.length));
        expect([...next.rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(
          [...now].sort((a, b) => (a.id < b.id ? -1 : 1)),
        );
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('sends figures alone where only they moved', () => {
    const before = new Map([['a', row('a')]]);
    expect(difference(before, [row('a', { sent: 5, up: 2 })], 1)).toEqual({
      kind: 'patch',
      total: 1,
      upsert: [],
      ticks: [['a', 5, 0, 2, 0]],
      remove: [],
    });
  });

  it('begins with the table, and is silent while nothing changes', async () => {
    const tables = [[row('a')], [row('a')], [row('a')], []];
    let reads = 0;
    const abort = new AbortController();
    const read = async () => {
      const list = tables[Math.min(reads++, tables.length - 1)];
      return { total: list.length, rows: list };
    };
    const kinds: string[] = [];
    for await (const event of watchConnections(read, 10, { signal: abort.signal, busy: () => false })) {
      kinds.push(event.kind === 'patch' ? `patch -${event.remove}` : event.kind);
      if (kinds.length === 2) abort.abort();
    }
    expect(kinds).toEqual(['snapshot', 'patch -a']);
    expect(reads).toBe(4);
  });
});
