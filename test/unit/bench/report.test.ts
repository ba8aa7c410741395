import { describe, expect, it } from 'vitest';
import { replaceMarked, toMarkdown } from '../../bench/markdown.ts';
import type { Metric } from '../../bench/measures.ts';
import { type BenchReport, buildRows, culvertFailures, type MetricRow, Samples } from '../../bench/report.ts';

const BULK: Metric = { id: 'down1', title: 'bulk', unit: 'MB/s', better: 'higher', goal: () => 1.2 };
const ECHO: Metric = { id: 'rtt', title: 'echo', unit: 'µs', better: 'lower', goal: () => 1 };
const CULVERT = { name: 'culvert', kind: 'culvert', version: 'Node v22', nodeMajor: 22 } as const;
const SSH = { name: 'ssh -L', kind: 'ssh', version: 'OpenSSH' } as const;

function rowsOf(figures: Record<string, Array<[down1: number, rtt: number] | string>>): MetricRow[] {
  const samples = new Samples();
  for (const [peer, runs] of Object.entries(figures)) {
    for (const run of runs) {
      const sample =
        typeof run === 'string'
          ? { ok: false as const, reason: run }
          : { ok: true as const, figures: { down1: run[0], rtt: run[1] } };
      samples.add(peer, [BULK, ECHO], sample);
    }
  }
  return buildRows([BULK, ECHO], peersOf(figures), samples);
}

function peersOf(figures: object): BenchReport['peers'] {
  return [CULVERT, SSH].filter((peer) => Object.hasOwn(figures, peer.name));
}

function reportOf(rows: MetricRow[], changes: Partial<BenchReport> = {}): BenchReport {
  return {
    suite: 'ws',
    date: '2026-01-02T03:04:05.000Z',
    machine: { cpu: 'A CPU', cores: 2, memoryBytes: 1, os: 'Linux', node: 'v22' },
    runs: 3,
    seconds: 2,
    peers: peersOf(rows[0].cells),
    absent: [{ name: 'chisel', state: 'skipped', reason: 'chisel is not on the PATH' }],
    metrics: rows,
    memory: {},
    ...changes,
  };
}

describe('buildRows', () => {
  it('gives medians, and ratios of medians to ssh', () => {
    const rows = rowsOf({
      culvert: [
        [900, 300],
        [600, 100],
        [720, 200],
      ],
      'ssh -L': [
        [500, 250],
        [600, 150],
        [700, 350],
      ],
    });
    expect(rows[0].cells.culvert).toEqual({
      samples: [900, 600, 720],
      median: 720,
      ratioToSsh: 1.2,
      failures: [],
      goal: { ratio: 1.2, met: true },
    });
    expect(rows[1].cells.culvert).toMatchObject({ median: 200, ratioToSsh: 0.8, goal: { met: true } });
    expect(rows[0].cells['ssh -L']).toMatchObject({ median: 600, ratioToSsh: null });
  });

  it('judges by direction: more is not better for times', () => {
    const rows = rowsOf({ culvert: [[1190, 1001]], 'ssh -L': [[1000, 1000]] });
    expect(rows.map((row) => row.cells.culvert.goal?.met)).toEqual([false, false]);
  });

  it('gives no median when one run failed', () => {
    const rows = rowsOf({ culvert: [[900, 1], 'fails=1', [900, 1]], 'ssh -L': [[500, 2]] });
    expect(rows[0].cells.culvert).toMatchObject({
      median: null,
      ratioToSsh: null,
      failures: ['fails=1'],
      goal: { met: false },
    });
  });

  it('judges nothing without ssh', () => {
    const rows = rowsOf({ culvert: [[900, 1]] });
    expect(rows[0].cells.culvert).toMatchObject({ median: 900, ratioToSsh: null, goal: { met: null } });
  });
});

describe('toMarkdown', () => {
  it('has raw values, ratios, goals, and says who was skipped', () => {
    const text = toMarkdown(reportOf(rowsOf({ culvert: [[720, 33]], 'ssh -L': [[600, 22]] })));
    expect(text).toContain('| | unit | culvert | ssh -L | to reach |');
    expect(text).toContain('| bulk | MB/s | 720 (1.20x) | 600 | ≥ 1.2x: met |');
    expect(text).toContain('| echo | µs | 33.0 (1.50x) | 22.0 | ≤ 1.0x: missed |');
    expect(text).toContain('- chisel: skipped, chisel is not on the PATH');
    expect(text).toContain('2026-01-02, A CPU, 2 cores');
  });

  it('shows failures in the table and their reasons below it, on one line', () => {
    const rows = rowsOf({ culvert: [[720, 33], 'bad\nbytes | fails=1'], 'ssh -L': [[600, 22]] });
    const text = toMarkdown(reportOf(rows));
    expect(text).toContain('| bulk | MB/s | FAILED in 1 of 2 | 600 | ≥ 1.2x: missed |');
    expect(text).toContain('- culvert, bulk, failed: bad / bytes \\| fails=1');
  });
});

describe('culvertFailures', () => {
  const good = { culvert: [[720, 33] as [number, number]] };

  it('is empty when Culvert did its work, whatever its neighbours did', () => {
    expect(culvertFailures(reportOf(rowsOf({ ...good, 'ssh -L': ['no'] })))).toEqual([]);
  });

  it('names a Culvert that did not start, a failed measure, and failed memory', () => {
    const absent = [{ name: 'culvert', state: 'failed', reason: 'boom' }];
    expect(culvertFailures(reportOf(rowsOf(good), { absent }))).toEqual(['culvert: boom']);
    expect(culvertFailures(reportOf(rowsOf({ culvert: ['fails=1'] })))).toEqual([
      'culvert, bulk: fails=1',
      'culvert, echo: fails=1',
    ]);
    const memory = { culvert: { ok: false as const, reason: 'dead=1' } };
    expect(culvertFailures(reportOf(rowsOf(good), { memory }))).toEqual(['culvert, idle memory: dead=1']);
  });
});

describe('replaceMarked', () => {
  it('replaces what is between the markers, again and again', () => {
    const text = 'a\n<!-- bench:ws -->\nold\n<!-- /bench:ws -->\nb\n';
    const once = replaceMarked(text, 'ws', 'new\n');
    expect(once).toBe('a\n<!-- bench:ws -->\nnew\n<!-- /bench:ws -->\nb\n');
    expect(replaceMarked(once, 'ws', 'new')).toBe(once);
  });

  it('refuses a text without a place for it', () => {
    expect(() => replaceMarked('<!-- bench:ws -->', 'ws', 'x')).toThrow(/no place/);
    expect(() => replaceMarked('<!-- bench:wss --><!-- /bench:wss -->', 'ws', 'x')).toThrow(/no place/);
  });
});
