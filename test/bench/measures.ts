import { setTimeout as pause } from 'node:timers/promises';
import type { ProcessSet } from './processes.ts';
import { Tb, type TbResult } from './tb.ts';

const HOST = '127.0.0.1';

/** One figure of the table. */
export interface Metric {
  readonly id: string;
  readonly title: string;
  readonly unit: 'MB/s' | 'µs' | 'conns/s';
  readonly better: 'higher' | 'lower';
  /** The ratio to `ssh -L` that Culvert has to reach; undefined when the figure is only shown. */
  readonly goal?: (nodeMajor: number) => number;
}

/** Figures of one run by metric id, or why there are none. */
export type Sample =
  | { readonly ok: true; readonly figures: Readonly<Record<string, number>> }
  | { readonly ok: false; readonly reason: string };

export interface MeasureContext {
  readonly processes: ProcessSet;
  readonly tb: string;
  /** How long one sample measures; counts are derived from it. */
  readonly seconds: number;
}

/** One run of the load tool, which gives one or more figures. */
export interface Measure {
  readonly id: string;
  readonly metrics: readonly Metric[];
  run(port: number, context: MeasureContext): Promise<Sample>;
}

function bulk(direction: 'down' | 'up', streams: number, goal: (nodeMajor: number) => number): Measure {
  const id = `${direction}${streams}`;
  const title = `bulk ${direction}, ${streams === 1 ? '1 stream' : `${streams} streams`}`;
  return {
    id,
    metrics: [{ id, title, unit: 'MB/s', better: 'higher', goal }],
    run: async (port, context) => {
      const tb = new Tb(context.processes, context.tb);
      const result = await tb.run([direction, HOST, port, context.seconds, streams], context.seconds);
      return take(result, { [id]: 'MB/s' });
    },
  };
}

const echo: Measure = {
  id: 'rtt',
  metrics: [
    { id: 'rtt_p50', title: 'echo of 64 B, p50', unit: 'µs', better: 'lower', goal: () => 1 },
    { id: 'rtt_p99', title: 'echo of 64 B, p99', unit: 'µs', better: 'lower' },
  ],
  run: async (port, context) => {
    const tb = new Tb(context.processes, context.tb);
    const count = Math.max(200, Math.round(context.seconds * 2000));
    const result = await tb.run(['rtt', HOST, port, count, 64], context.seconds);
    return take(result, { rtt_p50: 'p50us', rtt_p99: 'p99us' });
  },
};

const connections: Measure = {
  id: 'conn',
  metrics: [
    {
      id: 'conn',
      title: 'new connections, 16 at once',
      unit: 'conns/s',
      better: 'higher',
      goal: () => 1,
    },
  ],
  run: async (port, context) => {
    const tb = new Tb(context.processes, context.tb);
    const count = Math.max(200, Math.round(context.seconds * 2000));
    return take(await tb.run(['conn', HOST, port, count, 16], context.seconds), { conn: 'conns/s' });
  },
};

/** Time for the bulk stream to fill every window on the way before the first echo is timed. */
const SATURATE_MS = 400;

/** Round trips of the first series beside a bulk stream; the next ones are sized by its median. */
const FIRST_SERIES = 20;

/** About how long one series lasts. */
const SERIES_SECONDS = 0.3;

/**
 * Echoes beside a download, as series that each lie wholly within it: a series during which the download ended
 * would time an idle line, and is not counted. The figure is the median of the series' medians.
 */
const loadedEcho: Measure = {
  id: 'loaded',
  metrics: [
    {
      id: 'loaded_p50',
      title: 'echo of 64 B beside a saturating download, p50',
      unit: 'µs',
      better: 'lower',
      goal: () => 1,
    },
    { id: 'loaded_bulk', title: 'that download', unit: 'MB/s', better: 'higher' },
  ],
  run: async (port, context) => {
    const tb = new Tb(context.processes, context.tb);
    const seconds = context.seconds + 1;
    let bulkResult: TbResult | undefined;
    const bulkRun = tb.run(['down', HOST, port, seconds, 1], seconds).then((result) => {
      bulkResult = result;
    });
    await pause(SATURATE_MS);
    const medians: number[] = [];
    let failure: string | undefined;
    let count = FIRST_SERIES;
    while (bulkResult === undefined && failure === undefined) {
      const series = await tb.run(['rtt', HOST, port, count, 64], SERIES_SECONDS);
      if (!series.ok) failure = `echo: ${series.reason}`;
      else if (bulkResult === undefined) {
        medians.push(series.values.p50us);
        const wanted = Math.round((SERIES_SECONDS * 1e6) / Math.max(1, series.values.p50us));
        count = Math.min(2000, Math.max(FIRST_SERIES, wanted));
      }
    }
    await bulkRun;
    if (failure !== undefined) return { ok: false, reason: failure };
    if (bulkResult?.ok !== true) return { ok: false, reason: `bulk: ${bulkResult?.reason ?? 'no result'}` };
    if (medians.length === 0) {
      return { ok: false, reason: `not ${FIRST_SERIES} echoes came back during ${seconds} s of download` };
    }
    return { ok: true, figures: { loaded_p50: median(medians), loaded_bulk: bulkResult.values['MB/s'] } };
  },
};

/** Node 20 pays more for each cipher call than later ones: the bar is lower there. */
const oneStreamGoal = (nodeMajor: number): number => (nodeMajor >= 22 ? 1.2 : 1);

/** The measures of the suite `ws`, in the order of the table. */
export const WS_MEASURES: readonly Measure[] = [
  bulk('down', 1, oneStreamGoal),
  bulk('up', 1, oneStreamGoal),
  bulk('down', 8, () => 1.2),
  bulk('up', 8, () => 1.2),
  echo,
  loadedEcho,
  connections,
];

/**
 * The value in the middle; of an even number the mean of the two there. NaN of none.
 */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Figures of a run of tb; a value that tb did not print is a failure, not a gap. */
export function take(result: TbResult, names: Readonly<Record<string, string>>): Sample {
  if (!result.ok) return result;
  const figures: Record<string, number> = {};
  for (const [metric, name] of Object.entries(names)) {
    const value = result.values[name];
    if (value === undefined) return { ok: false, reason: `tb printed no ${name}` };
    figures[metric] = value;
  }
  return { ok: true, figures };
}
