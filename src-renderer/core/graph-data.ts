/** What a graph is drawn from: columns, gaps, a scale, and the same in words. Pure. */
import { formatRate } from '../../src-shared/format.ts';
import type { GraphWindow } from '../../src-shared/settings.ts';
import type { History } from '../../src-shared/stats.ts';
import type { Texts } from './texts.ts';

export type Columns = [x: number[], down: Array<number | null>, up: Array<number | null>];

/** Seconds and rates, as the drawing library takes them. A gap stays a gap. */
export function columnsOf(history: History): Columns {
  const x = history.up.map((_, index) => (history.start + index * history.stepMs) / 1_000);
  return [x, [...history.down], [...history.up]];
}

/** Stretches in which nothing was measured, as indices, ends included. */
export function gapsOf(values: ReadonlyArray<number | null>): ReadonlyArray<readonly [number, number]> {
  const gaps: Array<readonly [number, number]> = [];
  let begin = -1;
  for (let i = 0; i <= values.length; i++) {
    const missing = i < values.length && values[i] === null;
    if (missing && begin < 0) begin = i;
    else if (!missing && begin >= 0) {
      gaps.push([begin, i - 1]);
      begin = -1;
    }
  }
  return gaps;
}

/** So long after the newest point nothing is missing yet: figures are on their way. */
const PATIENCE_MS = 1_500;

/**
 * The history as it is drawn. A figure is the mean since the one before it, so a step that no figure fell into, because
 * a timer was a little late, was measured by the next one; the end, for which none can have come, is left out. What is
 * longer than that is a gap and stays one.
 */
export function tidy(history: History): History {
  const { stepMs } = history;
  const slack = stepMs <= 100 ? 2 : 1;
  const fill = (values: History['up']): History['up'] => {
    const filled = [...values];
    for (const [from, to] of gapsOf(values)) {
      if (from === 0 || to === values.length - 1 || to - from >= slack) continue;
      filled.fill(values[to + 1], from, to + 1);
    }
    return filled;
  };
  const end = gapsOf(history.up).at(-1);
  const open = end !== undefined && end[1] === history.up.length - 1 ? end[1] - end[0] + 1 : 0;
  const cut = open > 0 && open <= Math.max(1, PATIENCE_MS / stepMs) ? open : 0;
  const length = history.up.length - cut;
  return { ...history, up: fill(history.up).slice(0, length), down: fill(history.down).slice(0, length) };
}

const LEAST_TOP = 4 * 1024;

/** The top of the scale, a round figure that leaves some room: it changes seldom, so that the graph stays calm. */
export function topOf(most: number): number {
  let top = LEAST_TOP;
  while (top < most * 1.1) top *= 2;
  return top;
}

export interface Summary {
  readonly up: number | undefined;
  readonly down: number | undefined;
  readonly maxUp: number;
  readonly maxDown: number;
}

export function summaryOf(history: History): Summary {
  const known = (values: History['up']) => values.filter((value) => value !== null);
  const up = known(history.up);
  const down = known(history.down);
  return {
    up: up.at(-1),
    down: down.at(-1),
    maxUp: Math.max(0, ...up),
    maxDown: Math.max(0, ...down),
  };
}

/** The graph in one sentence. */
export function describe(t: Texts, window: GraphWindow, history: History): string {
  const { up, down, maxUp, maxDown } = summaryOf(history);
  if (up === undefined || down === undefined) return t('graph.noData');
  return t('graph.text', {
    window: t(`graph.windows.${window}`),
    up: formatRate(up),
    down: formatRate(down),
    maxUp: formatRate(maxUp),
    maxDown: formatRate(maxDown),
  });
}
