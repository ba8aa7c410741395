import { expect, it } from 'vitest';
import { CulvertError } from '../../../../src-main/engine/base/errors.ts';
import { CandidateBook } from '../../../../src-main/engine/client/candidate-book.ts';
import type { Candidate } from '../../../../src-main/engine/client/carry.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const blocked = new CulvertError('ERR_BLOCKED', 'forbidden');

function setUp() {
  const clock = new FakeClock();
  let udp = false;
  const candidate = (kind: Candidate['kind'], rank: number, available = () => true): Candidate => ({
    kind,
    name: kind.toUpperCase(),
    rank,
    headStartMs: 1,
    available,
    carry: () => Promise.reject(new Error('not used')),
  });
  const book = new CandidateBook({
    candidates: [candidate('http', 3), candidate('kcp', 1, () => udp), candidate('ws', 2)],
    clock,
    reprobeMinMs: 1000,
    reprobeMaxMs: 5000,
  });
  return {
    clock,
    book,
    order: () => book.order().map(({ kind }) => kind),
    offerUdp: () => {
      udp = true;
    },
  };
}

it('orders by rank, and leaves out what is not available', () => {
  const { order, offerUdp } = setUp();
  expect(order()).toEqual(['ws', 'http']);
  offerUdp();
  expect(order()).toEqual(['kcp', 'ws', 'http']);
});

it('puts what fails here last, until it passes', () => {
  const { book, order } = setUp();
  book.failed('ws', blocked);
  expect(order()).toEqual(['http', 'ws']);
  book.passed('ws', 5);
  expect(order()).toEqual(['ws', 'http']);
});

it('has a better one tried again after a time that doubles, up to its cap', () => {
  const { book, clock } = setUp();
  const due = (): number => (book.nextDue('http') ?? 0) - clock.now();
  expect(book.betterThan('http').map(({ kind }) => kind)).toEqual(['ws']);
  const delays: number[] = [];
  for (let i = 0; i < 5; i++) {
    book.failed('ws', blocked);
    delays.push(due());
    expect(book.betterThan('http')).toEqual([]);
    clock.advance(due());
    expect(book.betterThan('http')).toHaveLength(1);
  }
  expect(delays).toEqual([1000, 2000, 4000, 5000, 5000]);
});

it('knows nothing better than the best', () => {
  const { book } = setUp();
  expect(book.nextDue('ws')).toBeUndefined();
  expect(book.betterThan('ws')).toEqual([]);
});

it('one that passes and never lives long fails', () => {
  const { book, order } = setUp();
  for (const life of [1000, 1000, 40_000, 1000, 1000]) book.lost('ws', life, blocked);
  expect(order()).toEqual(['ws', 'http']);
  book.lost('ws', 1000, blocked);
  expect(order()).toEqual(['http', 'ws']);
});

it('forgets on another network', () => {
  const { book, order } = setUp();
  book.failed('ws', blocked);
  book.reset();
  expect(order()).toEqual(['ws', 'http']);
  expect(book.betterThan('http')).toHaveLength(1);
});

it('tells what it knows, of those that are possible here', () => {
  const { book, clock } = setUp();
  book.passed('http', 12);
  book.failed('ws', blocked);
  expect(book.status('http')).toEqual([
    {
      transport: 'ws',
      name: 'WS',
      rank: 2,
      state: 'fails',
      rttMs: undefined,
      error: blocked,
      retryAt: clock.now() + 1000,
    },
    {
      transport: 'http',
      name: 'HTTP',
      rank: 3,
      state: 'inUse',
      rttMs: 12,
      error: undefined,
      retryAt: undefined,
    },
  ]);
  expect(book.status(undefined)[1].state).toBe('works');
});
