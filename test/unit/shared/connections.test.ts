import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyConnections,
  type ConnectionEvent,
  type ConnectionRow,
  connectionEventSchema,
  NO_CONNECTIONS,
} from '../../../src-shared/connections.ts';

const row = (id: string, sent = 0): ConnectionRow => ({
  ...{
    id,
    profileId: 'p',
    ruleId: 'r',
    protocol: 'tcp',
    target: { host: '', port: 80 },
    state: 'open',
    transport: 'ws',
  },
  ...{ openedAt: 1, resumes: 0, replayedBytes: 0, sent, received: 0, up: 0, down: 0 },
});
const patch = (change: Partial<Extract<ConnectionEvent, { kind: 'patch' }>>): ConnectionEvent => ({
  ...{ kind: 'patch', total: 1, upsert: [], ticks: [], remove: [] },
  ...change,
});

describe('the connections table', () => {
  it('follows a host that keeps its own', () => {
    // The host's side: a plain map, from which each message is made.
    const id = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.record({ open: fc.uniqueArray(id), move: fc.uniqueArray(id), close: fc.uniqueArray(id) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 10 }), (steps) => {
        const real = new Map<string, ConnectionRow>();
        let table = applyConnections(NO_CONNECTIONS, { kind: 'snapshot', total: 0, rows: [] });
        for (const { open, move, close } of steps) {
          const remove = close.filter((one) => real.delete(one));
          const upsert = open.filter((one) => !real.has(one)).map((one) => row(one));
          for (const one of upsert) real.set(one.id, one);
          const moved = move.flatMap((one) => real.get(one) ?? []);
          for (const one of moved) real.set(one.id, { ...one, sent: one.sent + 5, up: 1 });
          const ticks = moved.map(({ id: key, sent }): [string, number, number, number, number] => [
            key,
            sent + 5,
            0,
            1,
            0,
          ]);
          const event = patch({ total: real.size, upsert, ticks, remove });
          expect(connectionEventSchema.safeParse(event).success).toBe(true);
          const before = new Map(table.rows);
          const next = applyConnections(table, event);
          expect(table.rows).toEqual(before);
          table = next;
          expect(table.rows).toEqual(real);
          expect(table.total).toBe(real.size);
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('keeps rows that did not change, and ignores figures of unknown ones', () => {
    const table = applyConnections(NO_CONNECTIONS, {
      kind: 'snapshot',
      total: 2,
      rows: [row('a'), row('b')],
    });
    const next = applyConnections(
      table,
      patch({
        total: 2,
        ticks: [
          ['b', 1, 2, 3, 4],
          ['x', 1, 1, 1, 1],
        ],
      }),
    );
    expect(next.rows.get('a')).toBe(table.rows.get('a'));
    expect(next.rows.get('b')).toMatchObject({ sent: 1, received: 2, up: 3, down: 4 });
    expect(next.rows.size).toBe(2);
  });
});
