import { describe, expect, it } from 'vitest';
import {
  EXCHANGE_MS,
  EXCHANGE_RUN,
  Exchanges,
  SMALL_MESSAGE,
} from '../../../../src-main/engine/mux/exchanges.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

function setup() {
  const clock = new FakeClock();
  const seen = { messages: 0, ends: 0 };
  const exchanges = new Exchanges(clock, (goesOn) => (goesOn ? seen.messages++ : seen.ends++));
  return { clock, exchanges, seen };
}

describe('Exchanges', () => {
  it('takes a run of small messages for one, while they last', () => {
    const { clock, exchanges, seen } = setup();
    let run = 0;
    for (let i = 1; i <= EXCHANGE_RUN; i++) {
      expect(exchanges.isActive).toBe(false);
      run = exchanges.note(run, SMALL_MESSAGE);
    }
    expect(exchanges.isActive).toBe(true);
    expect(seen.messages).toBe(1);
    // However far apart the next ones are: somebody waits for each.
    clock.advance(60_000);
    expect(exchanges.isActive).toBe(false);
    run = exchanges.note(run, 1);
    expect(exchanges.isActive).toBe(true);
    clock.advance(EXCHANGE_MS);
    expect(exchanges.isActive).toBe(false);
    expect(seen.messages).toBe(2);
  });

  it('does not take the small rest of bulk for one', () => {
    const { exchanges } = setup();
    let run = 0;
    for (let i = 0; i < 100; i++) run = exchanges.note(run, i % EXCHANGE_RUN === 0 ? 65_536 : 100);
    expect(exchanges.isActive).toBe(false);
  });

  it('ends with the stream of the last one', () => {
    const { clock, exchanges, seen } = setup();
    const talk = (run = 0): number => {
      for (let i = 0; i < EXCHANGE_RUN; i++) run = exchanges.note(run, 10);
      return run;
    };
    const one = talk();
    const other = talk();
    exchanges.closed(one);
    expect(exchanges.isActive).toBe(true);
    exchanges.closed(exchanges.note(0, 10));
    expect(exchanges.isActive).toBe(true);
    exchanges.closed(other);
    expect(exchanges.isActive).toBe(false);
    expect(seen.ends).toBe(1);
    // One whose last message was large does not count any more, nor one that was silent for so long.
    const third = talk();
    exchanges.closed(exchanges.note(talk(), 100_000));
    expect(exchanges.isActive).toBe(true);
    clock.advance(EXCHANGE_MS);
    exchanges.closed(third);
    expect(seen.ends).toBe(1);
    exchanges.closed(talk());
    expect(seen.ends).toBe(2);
  });

  it('tells streams apart', () => {
    const { exchanges } = setup();
    const runs = Array.from({ length: 100 }, () => 0);
    for (let round = 0; round < EXCHANGE_RUN - 1; round++) {
      for (let i = 0; i < runs.length; i++) runs[i] = exchanges.note(runs[i], 10);
    }
    expect(exchanges.isActive).toBe(false);
  });
});
