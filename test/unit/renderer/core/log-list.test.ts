import { describe, expect, it } from 'vitest';
import { LogList, type Turns } from '../../../../src-renderer/core/log-list.ts';
import { MAX_LOG_LINES } from '../../../../src-shared/limits.ts';
import type { LogFilter, LogLine } from '../../../../src-shared/logs.ts';

const all: LogFilter = { level: 'trace', profileId: null, text: '' };
const line = (seq: number, text = `line ${seq}`): LogLine => ({
  ...{ seq, at: 0, level: 'info', scope: 'client', profileId: null, code: null, text },
});
const lines = (from: number, count: number) => Array.from({ length: count }, (_, i) => line(from + i));
const take = (list: LogList, ...given: LogLine[]) => list.take({ kind: 'lines', lines: given, live: true });

/** Turns by hand: each reading of the clock is 1 ms later. */
function manual(): Turns & { run: () => number } {
  const waiting: Array<() => void> = [];
  let now = 0;
  return {
    now: () => now++,
    later: (run) => waiting.push(run),
    run: () => {
      let turns = 0;
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift(), turns++) next();
      return turns;
    },
  };
}

describe('the log of the page', () => {
  it('shows what passes the filter as it comes', () => {
    const list = new LogList({ ...all, text: 'b' }, () => {});
    take(list, line(0, 'ab'), line(1, 'cd'));
    take(list, line(2, 'b'));
    expect(list.shown.map(({ seq }) => seq)).toEqual([0, 2]);
    expect(list.total).toBe(3);
  });

  it('takes no line twice, and forgets what is cleared', () => {
    const list = new LogList(all, () => {});
    take(list, ...lines(0, 5));
    take(list, ...lines(3, 5));
    expect(list.shown.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    list.take({ kind: 'cleared' });
    expect([list.shown, list.total]).toEqual([[], 0]);
  });

  it('filters in slices, shows the old until it is done, and what comes meanwhile', () => {
    const turns = manual();
    const list = new LogList(all, () => {}, turns);
    take(list, ...lines(0, 20_000));
    list.setFilter({ ...all, text: 'line 1999' });
    expect(list.shown).toHaveLength(20_000);
    take(list, line(20_000, 'line 1999 again'));
    expect(turns.run()).toBeGreaterThan(3);
    expect(list.shown.at(-1)?.seq).toBe(20_000);
    // 1999, 11999, 19990 to 19999, and the one that came.
    expect(list.shown).toHaveLength(13);
  });

  it('begins anew with the newest filter', () => {
    const turns = manual();
    const list = new LogList(all, () => {}, turns);
    take(list, ...lines(0, 2_000));
    list.setFilter({ ...all, text: 'line 1' });
    list.setFilter({ ...all, text: 'line 77' });
    turns.run();
    const wanted = lines(0, 2_000).filter(({ seq }) => String(seq).includes('77'));
    expect(list.shown.map(({ seq }) => seq)).toEqual(wanted.map(({ seq }) => seq));
  });

  it('keeps the newest lines', () => {
    const list = new LogList(all, () => {});
    for (let i = 0; i < 6; i++) take(list, ...lines(i * 20_000, 20_000));
    expect(list.total).toBeLessThanOrEqual(MAX_LOG_LINES + 5_000);
    expect(list.shown.at(-1)?.seq).toBe(119_999);
    expect(list.shown).toHaveLength(list.total);
  });
});
