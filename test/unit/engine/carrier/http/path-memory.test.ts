import { describe, expect, it } from 'vitest';
import {
  type PathMemory,
  readPathMemory,
  withoutStreams,
} from '../../../../../src-main/engine/carrier/http/path-memory.ts';

const NOW = 1_764_000_000_000;
const good: PathMemory = {
  at: NOW - 1000,
  checkedAt: NOW - 5000,
  holdMs: 30_000,
  cutAtMs: 60_000,
  bodyLimit: 500_000,
  polls: 2,
  streamsDown: true,
  streamsUp: false,
};

describe('readPathMemory', () => {
  it('reads what was kept', () => {
    expect(readPathMemory(JSON.parse(JSON.stringify(good)), NOW)).toEqual(good);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['text', 'memory'],
    ['an empty object', {}],
    ['one of more than a day ago', { ...good, at: NOW - 86_400_001 }],
    ['one of the future', { ...good, at: NOW + 1 }],
    ['one whose limits are of the future', { ...good, checkedAt: NOW + 1 }],
    ['a number as text', { ...good, holdMs: '30000' }],
    ['no number', { ...good, holdMs: null }],
    ['an endless hold', { ...good, holdMs: 1e12 }],
    ['bodies of nothing', { ...good, bodyLimit: 0 }],
    ['endless bodies', { ...good, bodyLimit: 1e12 }],
    ['endless polls', { ...good, polls: 1e6 }],
  ])('does not believe %s', (_, value) => {
    expect(readPathMemory(value, NOW)).toBeUndefined();
  });

  it('leaves out what is of no sense in a part that is not needed', () => {
    const { cutAtMs: _, streamsUp: __, ...rest } = good;
    const odd = { ...good, cutAtMs: -1, streamsUp: 'yes', more: 1 };
    expect(readPathMemory(odd, NOW)).toEqual(rest);
  });
});

describe('withoutStreams', () => {
  it('keeps the limits alone', () => {
    const { streamsDown: _, streamsUp: __, ...rest } = good;
    expect(withoutStreams(good)).toEqual(rest);
  });
});
