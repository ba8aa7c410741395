import { describe, expect, it } from 'vitest';
import { type Connection, connectionSchema, isUp, nextAction, overall } from '../../../src-shared/status.ts';

const failure = { code: 'ERR_PROXY', message: 'the proxy said 403' } as const;
const states: readonly Connection[] = [
  { kind: 'stopped' },
  { kind: 'connecting', since: 1 },
  { kind: 'connected', transport: 'ws', rttMs: 12.5, since: 1, resumes: 0 },
  { kind: 'degraded', transport: 'http', rttMs: null, since: 1, silentSince: 2 },
  { kind: 'reconnecting', attempt: 1, retryAt: null, held: 3, failure },
  { kind: 'waitingForNetwork', since: 1, held: 0 },
  { kind: 'failed', since: 1, failure },
];

describe('each state', () => {
  it.each(states)('$kind is valid and has a next action', (state) => {
    expect(connectionSchema.parse(state)).toEqual(state);
    expect(nextAction(state)).toBeDefined();
  });

  it('has the next action that is valid in it', () => {
    expect(states.map((state) => nextAction(state).kind)).toEqual([
      'connect',
      'cancel',
      'disconnect',
      'disconnect',
      'retry',
      'cancel',
      'fix',
    ]);
    expect(nextAction(states[6])).toEqual({ kind: 'fix', action: 'editProxy' });
  });

  it('says whether traffic can flow', () => {
    expect(states.filter(isUp).map(({ kind }) => kind)).toEqual(['connected', 'degraded']);
  });
});

describe('overall', () => {
  it('is the one that needs a person most', () => {
    const order = [
      'failed',
      'degraded',
      'reconnecting',
      'waitingForNetwork',
      'connecting',
      'connected',
      'stopped',
    ];
    let left = [...states];
    for (const kind of order) {
      expect(overall(left).kind).toBe(kind);
      left = left.filter((state) => state.kind !== kind);
    }
    expect(overall([])).toEqual({ kind: 'stopped' });
  });
});
