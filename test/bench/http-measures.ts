import type { Way } from './http-ways.ts';
import { type MeasureContext, type Sample, take, WS_MEASURES } from './measures.ts';
import { Tb } from './tb.ts';

const HOST = '127.0.0.1';
/** The longest body the carrier makes, bytes. */
const BODY = 1_000_000;
/** Bodies under way that a session's buffers of 8 MiB hold. */
const LANES = 8;

/** By row and way: medians so far. Undefined = not measured. */
export type Figures = (metric: string, way: Way['id']) => number | undefined;

export interface HttpGoal {
  readonly way: Way['id'];
  readonly text: string;
  /** The bound, from other figures where it is a share of one; undefined = it cannot be judged. */
  readonly bound: (figures: Figures) => number | undefined;
}

export interface HttpMetric {
  readonly id: string;
  readonly title: string;
  readonly unit: 'MB/s' | 'ms';
  readonly better: 'higher' | 'lower';
  readonly goals: readonly HttpGoal[];
}

export interface HttpMeasure {
  readonly metrics: readonly HttpMetric[];
  readonly ways: ReadonlyArray<Way['id']>;
  run(way: Way, port: number, context: MeasureContext): Promise<Sample>;
}

const atLeast = (way: Way['id'], value: number): HttpGoal => ({
  way,
  text: `${way === 'far' ? '100 ms' : 'buffering'} ≥ ${value}`,
  bound: () => value,
});

const shareOfWs = (metric: string): HttpGoal => ({
  way: 'streams',
  text: 'streaming ≥ 0.7x WebSocket',
  bound: (figures) => {
    const ws = figures(metric, 'ws');
    return ws === undefined ? undefined : 0.7 * ws;
  },
});

function bulk(
  direction: 'down' | 'up',
  streams: number,
  ways: HttpMeasure['ways'],
  goals: (id: string) => HttpGoal[],
): HttpMeasure {
  const id = `${direction}${streams}`;
  const title = `bulk ${direction}, ${streams === 1 ? '1 stream' : `${streams} streams`}`;
  return {
    metrics: [{ id, title, unit: 'MB/s', better: 'higher', goals: goals(id) }],
    ways,
    run: async (way, port, context) => {
      // A long path needs some round trips to fill.
      const seconds = context.seconds + (way.roundTripMs * 20) / 1000;
      const tb = new Tb(context.processes, context.tb);
      return take(await tb.run([direction, HOST, port, seconds, streams], seconds), { [id]: 'MB/s' });
    },
  };
}

const NEAR: HttpMeasure['ways'] = ['ws', 'buffers', 'nginx', 'streams'];
const FAR_BULK = (0.7 * LANES * BODY) / 0.1 / 1e6;

const toMs = (sample: Sample, names: Readonly<Record<string, string>>): Sample => {
  if (!sample.ok) return sample;
  const figures = { ...sample.figures };
  for (const [from, to] of Object.entries(names)) {
    figures[to] = figures[from] / 1000;
    if (from !== to) delete figures[from];
  }
  return { ok: true, figures };
};

const echo: HttpMeasure = {
  metrics: [
    {
      id: 'echo',
      title: 'echo of 64 B, p50',
      unit: 'ms',
      better: 'lower',
      goals: [
        { way: 'buffers', text: 'buffering ≤ 1', bound: () => 1 },
        { way: 'far', text: '100 ms ≤ 105', bound: () => 105 },
      ],
    },
  ],
  ways: [...NEAR, 'far'],
  run: async (way, port, context) => {
    const tb = new Tb(context.processes, context.tb);
    const count = Math.round((context.seconds * 1000) / Math.max(1, way.roundTripMs));
    const sample = take(await tb.run(['rtt', HOST, port, count, 64], context.seconds * 2), { echo: 'p50us' });
    return toMs(sample, { echo: 'echo' });
  },
};

const loaded: HttpMeasure = {
  metrics: [
    {
      id: 'loaded',
      title: 'echo of 64 B beside a saturating download, p50',
      unit: 'ms',
      better: 'lower',
      goals: [{ way: 'buffers', text: 'buffering ≤ 20', bound: () => 20 }],
    },
    { id: 'loaded_bulk', title: 'that download', unit: 'MB/s', better: 'higher', goals: [] },
  ],
  ways: NEAR,
  run: async (_way, port, context) => {
    const measure = WS_MEASURES.find(({ id }) => id === 'loaded');
    if (measure === undefined) return { ok: false, reason: 'there is no measure called loaded' };
    return toMs(await measure.run(port, context), { loaded_p50: 'loaded' });
  },
};

export const HTTP_MEASURES: readonly HttpMeasure[] = [
  bulk('down', 1, NEAR, (id) => [atLeast('buffers', 200), shareOfWs(id)]),
  bulk('up', 1, NEAR, (id) => [atLeast('buffers', 300), shareOfWs(id)]),
  bulk('down', 8, [...NEAR, 'far'], () => [atLeast('far', FAR_BULK)]),
  bulk('up', 8, [...NEAR, 'far'], () => [atLeast('far', FAR_BULK)]),
  echo,
  loaded,
];

/** What the proxy alone lets through: POSTs of whole bodies, on as many connections as the carrier uses at most. */
function bound(direction: 'down' | 'up'): HttpMeasure {
  const id = `bound_${direction}`;
  const title = `the proxy alone, POSTs of ${BODY} B ${direction}`;
  return {
    metrics: [{ id, title, unit: 'MB/s', better: 'higher', goals: [] }],
    ways: ['buffers', 'nginx', 'streams'],
    run: async (_way, port, context) => {
      const load = new Tb(context.processes, context.tb);
      const [up, down] = direction === 'up' ? [BODY, 100] : [100, BODY];
      const args = ['post', HOST, port, context.seconds, 4, up, down];
      return take(await load.run(args, context.seconds), { [id]: 'MB/s' });
    },
  };
}

export const BOUND_MEASURES: readonly HttpMeasure[] = [bound('down'), bound('up')];
