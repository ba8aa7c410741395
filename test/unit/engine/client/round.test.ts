import { expect, it } from 'vitest';
import { CulvertError } from '../../../../src-main/engine/base/errors.ts';
import type { Candidate } from '../../../../src-main/engine/client/carry.ts';
import {
  type Insistence,
  Round,
  type RoundOutcome,
  type TryResult,
} from '../../../../src-main/engine/client/round.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const candidate = (kind: 'ws' | 'http' | 'kcp', headStartMs = 300): Candidate => ({
  kind,
  name: kind,
  rank: 1,
  headStartMs,
  available: () => true,
  carry: () => Promise.reject(new Error('not used')),
});

interface Started {
  readonly kind: string;
  readonly at: number;
  readonly nth: number;
  cancelled: boolean;
  done(result: TryResult<string>): void;
}

class Table {
  readonly clock = new FakeClock();
  readonly started: Started[] = [];
  readonly outcomes: RoundOutcome<string>[] = [];
  readonly round: Round<string>;

  constructor(
    kinds: Array<'ws' | 'http' | 'kcp'>,
    insist?: Omit<Insistence, 'untilMs' | 'sinceMs'> & { forMs: number },
  ) {
    const begun = this.clock.now();
    this.round = new Round({
      candidates: kinds.map((kind) => candidate(kind)),
      clock: this.clock,
      insist: insist && { ...insist, sinceMs: begun, untilMs: begun + insist.forMs },
      start: ({ kind }, nth, done) => {
        const one: Started = { kind, nth, at: this.clock.now() - begun, cancelled: false, done };
        this.started.push(one);
        return {
          cancel: () => {
            one.cancelled = true;
          },
        };
      },
      onDone: (outcome) => this.outcomes.push(outcome),
    });
    this.round.start();
  }

  get kinds(): string[] {
    return this.started.map(({ kind, at }) => `${kind} ${at}`);
  }
}

const error: TryResult<string> = { kind: 'error', error: new CulvertError('ERR_SERVER_REFUSED', 'no') };
const answer: TryResult<string> = {
  kind: 'answer',
  answer: { status: 403, statusText: 'No', date: undefined, location: undefined },
};
const insist = { graceMs: 200, gapMs: 50, overlapMs: 100, share: 0.1, most: 3, forMs: 1000 };

it('gives each a head start over the next; the first that passes wins, the rest is cancelled', () => {
  const table = new Table(['kcp', 'ws', 'http']);
  table.clock.advance(299);
  expect(table.kinds).toEqual(['kcp 0']);
  table.clock.advance(1000);
  expect(table.kinds).toEqual(['kcp 0', 'ws 300', 'http 600']);
  table.started[1].done({ kind: 'passed', value: 'x' });
  expect(table.outcomes).toMatchObject([{ kind: 'won', candidate: { kind: 'ws' }, value: 'x' }]);
  expect(table.started.map(({ cancelled }) => cancelled)).toEqual([true, false, true]);
  table.started[0].done({ kind: 'passed', value: 'late' });
  table.clock.advance(60_000);
  expect(table.outcomes).toHaveLength(1);
  expect(table.clock.pending).toBe(0);
});

it.each([error, answer])(
  'starts the next one as soon as one fails (%#), and tells why it failed',
  (failure) => {
    const table = new Table(['ws', 'http']);
    table.clock.advance(10);
    table.started[0].done(failure);
    expect(table.kinds).toEqual(['ws 0', 'http 10']);
    table.started[1].done({ kind: 'passed', value: 'x' });
    expect(table.outcomes[0].failures.get('ws')).toBe(failure);
  },
);

it('is lost when all have failed', () => {
  const table = new Table(['ws', 'http']);
  table.started[0].done(answer);
  expect(table.outcomes).toEqual([]);
  table.started[1].done(error);
  expect(table.outcomes).toMatchObject([{ kind: 'lost' }]);
  expect([...table.outcomes[0].failures.keys()]).toEqual(['ws', 'http']);
  expect(table.clock.pending).toBe(0);
});

it('after a fresh loss tries again right after a failure, until the time is over', () => {
  const table = new Table(['ws'], { ...insist, forMs: 170 });
  table.started[0].done(error);
  table.clock.advance(50);
  table.started[1].done(error);
  table.clock.advance(50);
  table.started[2].done(error);
  expect(table.kinds).toEqual(['ws 0', 'ws 50', 'ws 100']);
  table.clock.advance(50);
  table.started[3].done(error);
  expect(table.outcomes).toMatchObject([{ kind: 'lost' }]);
});

it('then also joins a slow try by another one, and gives the oldest up, but for the first', () => {
  const table = new Table(['ws'], insist);
  table.clock.advance(350);
  expect(table.kinds).toEqual(['ws 0', 'ws 100', 'ws 200', 'ws 300']);
  expect(table.started.map(({ cancelled }) => cancelled)).toEqual([false, true, false, false]);
  expect(table.started.map(({ nth }) => nth)).toEqual([0, 1, 2, 3]);
  table.started[0].done({ kind: 'passed', value: 'x' });
  expect(table.outcomes).toMatchObject([{ kind: 'won' }]);
  expect(table.clock.pending).toBe(0);
});

it('then waits longer the longer it lasts: a share of the time since the loss', () => {
  const table = new Table(['ws'], { ...insist, share: 0.5, forMs: 3000 });
  table.clock.advance(2999);
  expect(table.kinds).toEqual([
    'ws 0',
    'ws 100',
    'ws 200',
    'ws 300',
    'ws 450',
    'ws 675',
    'ws 1012.5',
    'ws 1518.75',
    'ws 2278.125',
  ]);
});

it('then ends soon after that time, whatever is under way', () => {
  const table = new Table(['ws', 'http'], insist);
  table.clock.advance(1199);
  expect(table.outcomes).toEqual([]);
  table.clock.advance(1);
  expect(table.outcomes).toMatchObject([{ kind: 'lost' }]);
  expect(table.outcomes[0].failures.get('http')).toMatchObject({ error: { code: 'ERR_SERVER_TIMEOUT' } });
});

it('does not ask one again that answered as a web site', () => {
  const table = new Table(['ws'], insist);
  table.started[0].done(answer);
  expect(table.outcomes).toMatchObject([{ kind: 'lost' }]);
});

it('cancelled, says nothing more', () => {
  const table = new Table(['ws', 'http'], insist);
  table.clock.advance(350);
  table.round.cancel();
  expect(table.started.at(-1)?.cancelled).toBe(true);
  for (const one of table.started) one.done({ kind: 'passed', value: 'x' });
  table.clock.advance(60_000);
  expect(table.outcomes).toEqual([]);
});
