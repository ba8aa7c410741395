import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyOps,
  applyPatch,
  diffStates,
  type PatchOp,
  stateEventSchema,
} from '../../../src-shared/patch.ts';
import { type AppState, appStateSchema, emptyState } from '../../../src-shared/state.ts';
import type { ProfileStatus } from '../../../src-shared/status.ts';
import { hostInfo, profileView } from './samples.ts';

const empty = emptyState(hostInfo);
const status = (id: string, on: boolean): ProfileStatus => ({
  id,
  on,
  connection: { kind: 'stopped' },
  lastFailure: null,
  listeners: {},
});

const id = fc.constantFrom('a', 'b', 'c', 'constructor', 'toString');
const op: fc.Arbitrary<PatchOp> = fc.oneof(
  fc.tuple(id, fc.integer({ min: 0, max: 9 })).map(
    ([key, revision]): PatchOp => ({
      op: 'upsert',
      table: 'profiles',
      row: profileView(key, { revision }),
    }),
  ),
  fc
    .tuple(id, fc.boolean())
    .map(([key, on]): PatchOp => ({ op: 'upsert', table: 'statuses', row: status(key, on) })),
  fc
    .tuple(fc.constantFrom('profiles' as const, 'statuses' as const, 'notices' as const), id)
    .map(([table, key]): PatchOp => ({ op: 'remove', table, id: key })),
  fc
    .constantFrom('online' as const, 'offline' as const)
    .map((value): PatchOp => ({ op: 'set', key: 'network', value })),
  fc.uniqueArray(id).map((value): PatchOp => ({ op: 'set', key: 'order', value })),
);
const ops = fc.array(op, { maxLength: 20 });

describe('the state', () => {
  it('begins valid', () => {
    expect(appStateSchema.parse(empty)).toEqual(empty);
  });

  it('holds no more rows than it may, and no id that is none', () => {
    const many = Object.fromEntries(
      Array.from({ length: 51 }, (_, i) => [
        `n${i}`,
        { id: `n${i}`, kind: 'clockOff', at: 1, failure: null },
      ]),
    );
    expect(appStateSchema.safeParse({ ...empty, notices: many }).success).toBe(false);
    expect(appStateSchema.safeParse({ ...empty, statuses: { a_b: status('a', true) } }).success).toBe(false);
  });
});

describe('changes', () => {
  it('are applied in order, and leave the given state as it is', () => {
    fc.assert(
      fc.property(ops, ops, (first, second) => {
        const before = applyOps(empty, first);
        const copy = structuredClone(before);
        const after = applyOps(before, second);
        expect(after).toEqual(applyOps(empty, [...first, ...second]));
        expect(before).toEqual(copy);
        expect(appStateSchema.safeParse(after).success).toBe(true);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('are found between two states', () => {
    fc.assert(
      fc.property(ops, ops, (first, second) => {
        const before = applyOps(empty, first);
        const after = applyOps(before, second);
        const found = diffStates(before, after);
        expect(applyOps(before, found)).toEqual(after);
        // At most one for each row and value.
        const keys = found.map((one) =>
          one.op === 'set' ? one.key : `${one.table} ${one.op === 'remove' ? one.id : one.row.id}`,
        );
        expect(new Set(keys).size).toBe(keys.length);
      }),
      { seed: 3, numRuns: 500 },
    );
  });

  it('leave what they do not name as it was, down to its identity', () => {
    const before = applyOps(empty, [
      { op: 'upsert', table: 'profiles', row: profileView('a') },
      { op: 'upsert', table: 'profiles', row: profileView('b') },
    ]);
    const after = applyOps(before, [
      { op: 'upsert', table: 'profiles', row: profileView('b', { revision: 2 }) },
    ]);
    expect(after.profiles.a).toBe(before.profiles.a);
    expect(after.statuses).toBe(before.statuses);
    expect(applyOps(before, [])).toBe(before);
    expect(applyOps(before, [{ op: 'remove', table: 'profiles', id: 'toString' }]).profiles).toBe(
      before.profiles,
    );
  });

  it('cannot reach a prototype', () => {
    const event = { kind: 'patch', rev: 1, ops: [{ op: 'remove', table: 'profiles', id: '__proto__' }] };
    expect(stateEventSchema.safeParse(event).success).toBe(false);
  });
});

describe('applyPatch', () => {
  const state: AppState = { ...empty, network: 'online' };
  it('begins with a snapshot, and tells when one was missed', () => {
    const begun = applyPatch(undefined, { kind: 'snapshot', rev: 7, state: empty });
    if (begun === 'lost') throw new Error('lost');
    const next = applyPatch(begun, { kind: 'patch', rev: 8, ops: diffStates(empty, state) });
    expect(next).toEqual({ rev: 8, state });
    expect(applyPatch(begun, { kind: 'patch', rev: 9, ops: [] })).toBe('lost');
    expect(applyPatch(undefined, { kind: 'patch', rev: 1, ops: [] })).toBe('lost');
    expect(applyPatch(begun, { kind: 'snapshot', rev: 1, state })).toEqual({ rev: 1, state });
  });
});
