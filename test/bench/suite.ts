import { setTimeout as pause } from 'node:timers/promises';
import { CulvertError } from '../../src-main/engine/base/errors.ts';
import { type Measure, type MeasureContext, WS_MEASURES } from './measures.ts';
import { type MemoryResult, measureMemory } from './memory.ts';
import type { BenchOptions, Suite } from './options.ts';
import { type Peer, type PeerStart, startPeers } from './peers.ts';
import { ProcessSet } from './processes.ts';
import { absentPeers, type BenchReport, buildRows, machineFacts, Samples } from './report.ts';
import { buildTb, findProgram, temporaryFolder } from './rig.ts';
import { Tb } from './tb.ts';
import { warmUp } from './warm-up.ts';

/** Suites that compare Culvert with peers. */
export type PeerSuite = Exclude<Suite, 'http' | 'kcp'>;

/** Rest between samples, in which a peer may finish what the last one left in its buffers. */
const REST_MS = 200;

const MEASURES: Readonly<Record<PeerSuite, readonly Measure[]>> = { ws: WS_MEASURES };

/** `items` turned left by `steps`, so that no peer always goes first. */
export function rotate<T>(items: readonly T[], steps: number): T[] {
  return items.map((_, index) => items[(index + steps) % items.length]);
}

/**
 * Runs one suite: for each run, each measure, each peer in turn, so that whatever else the machine does meets
 * all peers alike.
 */
export async function runSuite(
  suite: PeerSuite,
  options: BenchOptions,
  say: (line: string) => void,
): Promise<BenchReport> {
  const processes = new ProcessSet();
  const peerSets: ProcessSet[] = [];
  const folder = temporaryFolder();
  // Also when the run is ended by a signal, which leaves no time for the block below.
  process.on('exit', folder.remove);
  try {
    const tb = await buildTb(processes, folder.path);
    const starts = await startPeers({ tb, folder: folder.path, nodes: options.nodes });
    for (const start of starts) if (start.state === 'up') peerSets.push(start.processes);
    for (const start of starts) say(describeStart(start));
    const peers = starts.flatMap((start) => (start.state === 'up' ? [start.peer] : []));
    const context: MeasureContext = { processes, tb, seconds: options.seconds };
    for (const { port } of peers) await warmUp(new Tb(processes, tb), port, 'all');
    const samples = new Samples();
    const { only } = options;
    const wanted = ({ id }: Measure): boolean => only.length === 0 || only.some((word) => id.includes(word));
    const measures = MEASURES[suite].filter(wanted);
    if (measures.length === 0) throw noSuchMeasure(suite, only);
    for (let run = 0; run < options.runs; run++) {
      for (const [index, measure] of measures.entries()) {
        for (const peer of rotate(peers, run + index)) {
          const sample = await measure.run(peer.port, context);
          samples.add(peer.name, measure.metrics, sample);
          const said = sample.ok ? JSON.stringify(sample.figures) : `FAILED: ${sample.reason}`;
          say(`run ${run + 1}/${options.runs}  ${peer.name}  ${said}`);
          await pause(REST_MS);
        }
      }
    }
    // Before idle memory, so that its processes have the machine to themselves.
    for (const set of peerSets) await set.stopAll();
    return {
      suite,
      date: new Date().toISOString(),
      machine: machineFacts(),
      runs: options.runs,
      seconds: options.seconds,
      peers: peers.map(({ port: _port, ...facts }) => facts),
      absent: absentPeers(starts),
      metrics: buildRows(
        measures.flatMap((measure) => measure.metrics),
        peers,
        samples,
      ),
      memory: options.memory ? await memoryOf(starts, options, tb, say) : {},
    };
  } finally {
    await processes.stopAll();
    for (const set of peerSets) await set.stopAll();
    process.off('exit', folder.remove);
    folder.remove();
  }
}

function noSuchMeasure(suite: PeerSuite, only: readonly string[]): CulvertError {
  const known = MEASURES[suite].map(({ id }) => id).join(', ');
  return new CulvertError(
    'ERR_BAD_OPTION',
    `--only=${only.join(',')} names no measure of ${suite}: ${known}`,
  );
}

async function memoryOf(
  starts: readonly PeerStart[],
  options: BenchOptions,
  tb: string,
  say: (line: string) => void,
): Promise<Record<string, MemoryResult>> {
  const results: Record<string, MemoryResult> = {};
  const culverts = starts.filter((start) => kindOf(start) === 'culvert');
  for (const [index, start] of culverts.entries()) {
    if (start.state !== 'up') continue;
    say(`idle memory of ${start.peer.name}`);
    results[start.peer.name] = await measureMemory(tb, findProgram(options.nodes[index]) ?? process.execPath);
  }
  return results;
}

function kindOf(start: PeerStart): Peer['kind'] {
  return start.state === 'up' ? start.peer.kind : start.kind;
}

function describeStart(start: PeerStart): string {
  return start.state === 'up'
    ? `${start.peer.name}: up (${start.peer.version})`
    : `${start.name}: ${start.state}: ${start.reason}`;
}
