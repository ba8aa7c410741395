import { cpus, release, totalmem, type } from 'node:os';
import { type Metric, median, type Sample } from './measures.ts';
import type { MemoryResult } from './memory.ts';
import type { Peer, PeerStart } from './peers.ts';

/** One metric of one peer. */
export interface Cell {
  readonly samples: readonly number[];
  /** Null when any run failed: a median of the runs that happened to work would flatter. */
  readonly median: number | null;
  /** This median divided by that of `ssh -L`; null where either is missing, and for ssh itself. */
  readonly ratioToSsh: number | null;
  readonly failures: readonly string[];
  /** For Culvert, where the metric has a goal; `met` is null when it cannot be judged. */
  readonly goal?: { readonly ratio: number; readonly met: boolean | null };
}

export interface MetricRow {
  readonly id: string;
  readonly title: string;
  readonly unit: Metric['unit'];
  readonly better: Metric['better'];
  /** By peer name. */
  readonly cells: Readonly<Record<string, Cell>>;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly os: string;
  readonly node: string;
}

export interface BenchReport {
  readonly suite: string;
  readonly date: string;
  readonly machine: Machine;
  readonly runs: number;
  readonly seconds: number;
  readonly peers: ReadonlyArray<Omit<Peer, 'port'>>;
  readonly absent: ReadonlyArray<{ readonly name: string; readonly state: string; readonly reason: string }>;
  readonly metrics: readonly MetricRow[];
  /** By name of the Culvert peer. */
  readonly memory: Readonly<Record<string, MemoryResult>>;
}

export function machineFacts(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    os: `${type()} ${release()}`,
    node: process.version,
  };
}

/** Gathers samples as they come, in any order. */
export class Samples {
  private readonly figures = new Map<string, number[]>();
  private readonly problems = new Map<string, string[]>();

  /** A failed sample counts against each of its metrics. */
  add(peer: string, metrics: readonly Metric[], sample: Sample): void {
    for (const { id } of metrics) {
      const place = `${peer}\n${id}`;
      if (sample.ok) this.figures.set(place, [...(this.figures.get(place) ?? []), sample.figures[id]]);
      else this.problems.set(place, [...(this.problems.get(place) ?? []), sample.reason]);
    }
  }

  figuresOf(peer: string, metric: string): readonly number[] {
    return this.figures.get(`${peer}\n${metric}`) ?? [];
  }

  failuresOf(peer: string, metric: string): readonly string[] {
    return this.problems.get(`${peer}\n${metric}`) ?? [];
  }
}

/** Medians, ratios and goals of every metric for every peer that was up. */
export function buildRows(
  metrics: readonly Metric[],
  peers: ReadonlyArray<Omit<Peer, 'port'>>,
  samples: Samples,
): MetricRow[] {
  const medianOf = (peer: string, metric: string): number | null => {
    const figures = samples.figuresOf(peer, metric);
    return figures.length === 0 || samples.failuresOf(peer, metric).length > 0 ? null : median(figures);
  };
  const ssh = peers.find((peer) => peer.kind === 'ssh');
  return metrics.map((metric) => {
    const yardstick = ssh === undefined ? null : medianOf(ssh.name, metric.id);
    const cells: Record<string, Cell> = {};
    for (const peer of peers) {
      const middle = medianOf(peer.name, metric.id);
      const comparable = peer.kind !== 'ssh' && middle !== null && yardstick !== null && yardstick > 0;
      const ratioToSsh = comparable ? middle / yardstick : null;
      cells[peer.name] = {
        samples: samples.figuresOf(peer.name, metric.id),
        median: middle,
        ratioToSsh,
        failures: samples.failuresOf(peer.name, metric.id),
        ...(peer.kind === 'culvert' && metric.goal !== undefined
          ? { goal: judgeGoal(metric, metric.goal(peer.nodeMajor ?? 0), middle, ratioToSsh) }
          : {}),
      };
    }
    return { id: metric.id, title: metric.title, unit: metric.unit, better: metric.better, cells };
  });
}

function judgeGoal(
  metric: Metric,
  ratio: number,
  middle: number | null,
  ratioToSsh: number | null,
): { ratio: number; met: boolean | null } {
  // Culvert's own failure is a miss; a yardstick that is not there is no judgement.
  if (middle === null) return { ratio, met: false };
  if (ratioToSsh === null) return { ratio, met: null };
  return { ratio, met: metric.better === 'higher' ? ratioToSsh >= ratio : ratioToSsh <= ratio };
}

/** The peers that are not in the table, and why. */
export function absentPeers(starts: readonly PeerStart[]): BenchReport['absent'] {
  return starts.flatMap((start) =>
    start.state === 'up' ? [] : [{ name: start.name, state: start.state, reason: start.reason }],
  );
}

/** Everything of Culvert's that did not work, one line each. Empty when the run is good. */
export function culvertFailures(report: BenchReport): string[] {
  const lines: string[] = [];
  for (const { name, state, reason } of report.absent) {
    if (name.startsWith('culvert') && state === 'failed') lines.push(`${name}: ${reason}`);
  }
  for (const peer of report.peers.filter((each) => each.kind === 'culvert')) {
    for (const row of report.metrics) {
      for (const reason of row.cells[peer.name].failures) lines.push(`${peer.name}, ${row.title}: ${reason}`);
    }
  }
  for (const [name, memory] of Object.entries(report.memory)) {
    if (!memory.ok) lines.push(`${name}, idle memory: ${memory.reason}`);
  }
  return lines;
}
