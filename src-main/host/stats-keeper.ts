import { RateHistory } from '../../src-shared/rate-history.ts';
import { GRAPH_WINDOWS, type GraphWindow } from '../../src-shared/settings.ts';
import type { History, ProfileSample, RuleSample, Sample, Scope } from '../../src-shared/stats.ts';
import type { EngineSample, ProfileCounters, ServerCounters } from './engine-messages.ts';

type Graphs = Readonly<Record<GraphWindow, RateHistory>>;
/** Bytes of a profile since the last sample. */
export type OnBytes = (profileId: string, sent: number, received: number, at: number) => void;

interface Kept {
  readonly at: number;
  readonly profiles: ReadonlyMap<string, ProfileCounters>;
  readonly server: ServerCounters | null;
}

/** Samples kept to take rates from: a little more than the slowest stream's period. */
const KEPT_MS = 1_500;
/** After so long without a sample nothing has moved: see EngineSampler. ms. */
const STILL_MS = 250;
/** No rate is taken over less, ms: two samples apart. */
const MIN_WINDOW_MS = 190;

/** Makes figures and graphs of the engine's counters. */
export class StatsKeeper {
  private readonly onBytes: OnBytes;
  private readonly kept: Kept[] = [];
  private readonly total = newGraphs();
  private readonly server = newGraphs();
  private readonly profiles = new Map<string, Graphs>();

  constructor(onBytes: OnBytes) {
    this.onBytes = onBytes;
  }

  take({ at, spanMs, profiles, server }: EngineSample): void {
    if (profiles.length === 0 && server === null) return this.pause();
    const last = this.kept.at(-1);
    const from = at - spanMs;
    let [up, down] = [0, 0];
    for (const counters of profiles) {
      const before = last?.profiles.get(counters.id);
      const sent = moved(counters.sent, before?.sent);
      const received = moved(counters.received, before?.received);
      this.onBytes(counters.id, sent, received, at);
      up += sent;
      down += received;
      const graphs = this.profiles.get(counters.id) ?? newGraphs();
      this.profiles.set(counters.id, graphs);
      draw(graphs, before === undefined ? from : (last?.at ?? from), from, at, sent, received);
    }
    const start = last?.at ?? from;
    draw(this.total, start, from, at, up, down);
    if (server !== null) {
      const before = last?.server ?? undefined;
      const begun = before === undefined ? from : start;
      draw(this.server, begun, from, at, moved(server.up, before?.up), moved(server.down, before?.down));
    }
    this.kept.push({ at, profiles: new Map(profiles.map((one) => [one.id, one])), server });
    while (this.kept.length > 2 && this.kept[1].at <= at - KEPT_MS) this.kept.shift();
  }

  /** Nothing is measured any more (all is off, or the engine is gone): the graphs have a gap from here. */
  pause(): void {
    this.kept.length = 0;
  }

  forget(profileId: string): void {
    this.profiles.delete(profileId);
  }

  history(scope: Scope, window: GraphWindow, now: number): History {
    const graphs =
      scope.kind === 'total'
        ? this.total
        : scope.kind === 'server'
          ? this.server
          : this.profiles.get(scope.id);
    return (graphs?.[window] ?? new RateHistory(window)).read(now);
  }

  /** The figures now, as rates over the last `periodMs`. */
  sample(now: number, periodMs: number, rulesOf: string | null): Sample {
    const latest = this.kept.at(-1);
    if (latest === undefined) {
      return { at: now, total: { up: 0, down: 0, connections: 0 }, profiles: [], rules: [], server: null };
    }
    const end = now - latest.at < STILL_MS ? latest.at : now;
    const since = end - Math.max(MIN_WINDOW_MS, periodMs);
    const reference = this.kept.findLast(({ at }) => at <= since) ?? this.kept[0];
    const seconds = Math.max(0.001, (end - reference.at) / 1000);
    const rate = (value: number, before: number | undefined): number =>
      reference === latest ? 0 : moved(value, before) / seconds;
    const profiles = [...latest.profiles.values()].map((counters): ProfileSample => {
      const before = reference.profiles.get(counters.id);
      const { id, sent, received, connections, rttMs } = counters;
      const [up, down] = [rate(sent, before?.sent), rate(received, before?.received)];
      return { id, up, down, sent, received, connections, rttMs };
    });
    const old = new Map(reference.profiles.get(rulesOf ?? '')?.rules.map((rule) => [rule.id, rule]));
    const rules = (latest.profiles.get(rulesOf ?? '')?.rules ?? []).map((rule): RuleSample => {
      const before = old.get(rule.id);
      return { ...rule, up: rate(rule.sent, before?.sent), down: rate(rule.received, before?.received) };
    });
    const sum = (pick: (one: ProfileSample) => number): number =>
      profiles.reduce((total, one) => total + pick(one), 0);
    const { server } = latest;
    return {
      at: now,
      total: {
        up: sum((one) => one.up),
        down: sum((one) => one.down),
        connections: sum((one) => one.connections),
      },
      profiles,
      rules,
      server: server && {
        up: rate(server.up, reference.server?.up),
        down: rate(server.down, reference.server?.down),
        clients: server.clients,
        connections: server.connections,
      },
    };
  }
}

/** Counters begin anew when what counts does. */
function moved(now: number, before: number | undefined): number {
  return before === undefined || now < before ? now : now - before;
}

function newGraphs(): Graphs {
  return { '1m': new RateHistory('1m'), '15m': new RateHistory('15m'), '1h': new RateHistory('1h') };
}

/** Nothing moved from `start` to `from`; the bytes moved between `from` and `at`. */
function draw(graphs: Graphs, start: number, from: number, at: number, up: number, down: number): void {
  const seconds = Math.max(0.001, (at - from) / 1000);
  for (const window of GRAPH_WINDOWS) {
    fill(graphs[window], start, from, 0, 0);
    fill(graphs[window], from, at, up / seconds, down / seconds);
  }
}

/** Puts a rate into every step that ends after `from`, up to that of `to`: a late timer leaves no hole. */
function fill(graph: RateHistory, from: number, to: number, up: number, down: number): void {
  const last = Math.floor(to / graph.stepMs);
  const first = Math.max(Math.floor(from / graph.stepMs) + 1, last - graph.points + 1);
  if (to <= from) return;
  if (first > last) graph.push(to, up, down);
  for (let step = first; step <= last; step++) graph.push(step * graph.stepMs, up, down);
}
