import { describe, expect, it } from 'vitest';
import {
  columnsOf,
  describe as describeGraph,
  gapsOf,
  tidy,
  topOf,
} from '../../../../src-renderer/core/graph-data.ts';
import { textsOf } from '../../../../src-renderer/core/texts.ts';
import type { History } from '../../../../src-shared/stats.ts';

const history = (values: Array<number | null>, stepMs = 100): History => ({
  start: 10_000,
  stepMs,
  up: values,
  down: values.map((value) => value && value * 2),
});

describe('the data of a graph', () => {
  it('is columns in seconds, with gaps in them', () => {
    expect(columnsOf(history([1, null, 3]))).toEqual([
      [10, 10.1, 10.2],
      [2, null, 6],
      [1, null, 3],
    ]);
  });

  it.each([
    [[], []],
    [[1, 2], []],
    [
      [null, 1, null, null, 2, null],
      [
        [0, 0],
        [2, 3],
        [5, 5],
      ],
    ],
    [[null, null], [[0, 1]]],
  ])('finds the gaps of %j', (values, gaps) => {
    expect(gapsOf(values)).toEqual(gaps);
  });

  it('takes a step that a late figure covers from that figure', () => {
    expect(tidy(history([1, null, 3, null, null, 5])).up).toEqual([1, 3, 3, 5, 5, 5]);
  });

  it('keeps a longer gap, and one at the beginning', () => {
    expect(tidy(history([null, 1, null, null, null, 5])).up).toEqual([null, 1, null, null, null, 5]);
    expect(tidy(history([1, null, null, 5], 1_000)).up).toEqual([1, null, null, 5]);
  });

  it('leaves out the end that is on its way, and keeps one that is not', () => {
    expect(tidy(history([1, 2, null])).up).toEqual([1, 2]);
    const silent = [1, ...Array<null>(16).fill(null)];
    expect(tidy(history(silent)).up).toEqual(silent);
  });

  it('has a top that is above what is shown and changes seldom', () => {
    expect(topOf(0)).toBe(4_096);
    expect(topOf(4_000)).toBe(8_192);
    for (const most of [1, 5_000, 1e6, 1e9]) expect(topOf(most)).toBeGreaterThan(most);
  });

  it('is said in a sentence', () => {
    const t = textsOf('en');
    expect(describeGraph(t, '1m', history([1_024, 3_072, 2_048]))).toBe(
      'Throughput of the last 1 min: up 2 KiB/s, down 4 KiB/s now; at most 3 KiB/s up and 6 KiB/s down.',
    );
    expect(describeGraph(t, '1m', history([null]))).toBe('Nothing measured yet.');
  });
});
