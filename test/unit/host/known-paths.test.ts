import { describe, expect, it } from 'vitest';
import type { PathMemory } from '../../../src-main/engine/index.ts';
import { KnownPaths, MAX_PATHS, PathKeeper, pathId } from '../../../src-main/host/known-paths.ts';

const NOW = Date.now();
const memory = (more: Partial<PathMemory> = {}): PathMemory => ({
  at: NOW,
  checkedAt: NOW,
  holdMs: 8000,
  bodyLimit: 200_000,
  polls: 1,
  ...more,
});

describe('KnownPaths', () => {
  it('reads what it writes', () => {
    const known = new KnownPaths();
    known.put('a', memory());
    known.put('b', memory({ streamsUp: false }));
    const read = KnownPaths.read(JSON.parse(JSON.stringify(known.toJson())), NOW);
    expect(read?.get('a', NOW)).toEqual(memory());
    expect(read?.get('b', NOW)).toEqual(memory({ streamsUp: false }));
    expect(read?.get('c', NOW)).toBeUndefined();
  });

  it('leaves out what is not sound or too old, and knows what is no such file', () => {
    const paths = { a: memory(), b: memory({ at: NOW - 2 * 86_400_000 }), c: 'nonsense', d: null };
    expect(Object.keys(KnownPaths.read({ version: 1, paths }, NOW)?.toJson().paths ?? {})).toEqual(['a']);
    for (const wrong of [undefined, null, 'text', [], {}, { version: 2, paths: {} }, { version: 1 }])
      expect(KnownPaths.read(wrong, NOW)).toBeUndefined();
  });

  it('does not give what has become too old since', () => {
    const known = new KnownPaths();
    known.put('a', memory());
    expect(known.get('a', NOW + 86_400_000)).toBeDefined();
    expect(known.get('a', NOW + 86_400_001)).toBeUndefined();
  });

  it('keeps so many, those of the latest use', () => {
    const known = new KnownPaths();
    for (let i = 0; i < MAX_PATHS + 10; i++) known.put(`p${i}`, memory({ at: NOW - 1000 + i }));
    const ids = Object.keys(known.toJson().paths);
    expect([ids.length, ids.includes('p9'), ids.includes('p10')]).toEqual([MAX_PATHS, false, true]);
  });
});

describe('PathKeeper', () => {
  it('keeps per way and network', () => {
    const table = new KnownPaths();
    let network = 'home';
    const keeper = new PathKeeper(table, ['server'], () => network);
    const other = new PathKeeper(table, ['another server'], () => network);
    expect(keeper.recall()).toBeUndefined();
    keeper.keep(memory());
    network = 'office';
    expect(keeper.recall()).toBeUndefined();
    keeper.keep(memory({ bodyLimit: 50_000 }));
    expect(other.recall()).toBeUndefined();
    network = 'home';
    expect(keeper.recall()?.bodyLimit).toBe(200_000);
    expect(new PathKeeper(table, ['server'], () => 'office').recall()?.bodyLimit).toBe(50_000);
    expect(Object.keys(table.toJson().paths)).toEqual([
      pathId(['server'], 'home'),
      pathId(['server'], 'office'),
    ]);
  });

  it('keeps nothing under a network in which it was not learnt', () => {
    const table = new KnownPaths();
    let network = 'home';
    const keeper = new PathKeeper(table, ['server'], () => network);
    keeper.recall();
    network = 'office';
    keeper.keep(memory());
    expect(table.toJson().paths).toEqual({});
  });

  it('writes what changed, and now and then that it still holds', () => {
    const puts: PathMemory[] = [];
    const table = { get: () => undefined, put: (_: string, kept: PathMemory) => void puts.push(kept) };
    const keeper = new PathKeeper(table, ['server'], () => 'home');
    keeper.keep(memory());
    expect(puts).toEqual([]);
    keeper.recall();
    keeper.keep(undefined);
    keeper.keep(memory());
    keeper.keep(memory({ at: NOW + 60_000 }));
    expect(puts.length).toBe(1);
    keeper.keep(memory({ at: NOW + 61_000, streamsDown: true }));
    expect(puts.length).toBe(2);
    keeper.keep(memory({ at: NOW + 400_000, streamsDown: true }));
    expect(puts.length).toBe(3);
  });
});
