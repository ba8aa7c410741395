import type { HttpMeasure, HttpMetric } from './http-measures.ts';
import type { Way } from './http-ways.ts';
import { formatFigure } from './markdown.ts';
import { median, type Sample } from './measures.ts';
import type { Machine } from './report.ts';

export interface HttpCell {
  readonly samples: readonly number[];
  readonly failures: readonly string[];
  /** Null when any run failed: a median of the runs that happened to work would flatter. */
  readonly median: number | null;
}

export interface HttpRow {
  readonly id: string;
  readonly title: string;
  readonly unit: HttpMetric['unit'];
  /** By id of the way; absent = not measured there. */
  readonly cells: Readonly<Record<string, HttpCell>>;
  readonly goals: ReadonlyArray<{ readonly text: string; readonly met: boolean | null }>;
}

export interface HttpReport {
  readonly suite: 'http';
  readonly date: string;
  readonly machine: Machine;
  readonly runs: number;
  readonly seconds: number;
  readonly ways: readonly Way[];
  readonly rows: readonly HttpRow[];
}

/** Gathers samples as they come, in any order. */
export class HttpSamples {
  private readonly cells = new Map<string, { samples: number[]; failures: string[] }>();

  /** A failed sample counts against each of its metrics. */
  add(way: string, metrics: readonly HttpMetric[], sample: Sample): void {
    for (const { id } of metrics) {
      const key = `${way}\n${id}`;
      const cell = this.cells.get(key) ?? { samples: [], failures: [] };
      this.cells.set(key, cell);
      if (sample.ok) cell.samples.push(sample.figures[id]);
      else cell.failures.push(sample.reason);
    }
  }

  cell(way: string, metric: string): HttpCell | undefined {
    const cell = this.cells.get(`${way}\n${metric}`);
    if (cell === undefined) return undefined;
    const isGood = cell.failures.length === 0 && cell.samples.length > 0;
    return { ...cell, median: isGood ? median(cell.samples) : null };
  }
}

export function buildHttpRows(measures: readonly HttpMeasure[], samples: HttpSamples): HttpRow[] {
  const figures = (metric: string, way: string): number | undefined =>
    samples.cell(way, metric)?.median ?? undefined;
  return measures.flatMap(({ metrics, ways }) =>
    metrics.map((metric) => {
      const { id, title, unit, better } = metric;
      const cells: Record<string, HttpCell> = {};
      for (const way of ways) {
        const cell = samples.cell(way, id);
        if (cell !== undefined) cells[way] = cell;
      }
      const goals = metric.goals.map((goal) => {
        const bound = goal.bound(figures);
        const value = cells[goal.way]?.median;
        if (bound === undefined || value === undefined) return { text: goal.text, met: null };
        const met = value !== null && (better === 'higher' ? value >= bound : value <= bound);
        return { text: goal.text, met };
      });
      return { id, title, unit, cells, goals };
    }),
  );
}

function formatCell(cell: HttpCell | undefined, unit: HttpMetric['unit']): string {
  if (cell === undefined) return '';
  const runs = cell.samples.length + cell.failures.length;
  if (cell.median === null) return `FAILED in ${cell.failures.length} of ${runs}`;
  return unit === 'ms' && cell.median < 100 ? cell.median.toFixed(2) : formatFigure(cell.median);
}

/** The report as Markdown: a table, then what one must know to read it. */
export function httpMarkdown(report: HttpReport): string {
  const { ways, rows, machine } = report;
  const lines = [
    `| | unit | ${ways.map(({ title }) => title).join(' | ')} | to reach |`,
    `|---|---|${ways.map(() => '---:|').join('')}---|`,
    ...rows.map(({ title, unit, cells, goals }) => {
      const figures = ways.map(({ id }) => formatCell(cells[id], unit));
      const verdicts = goals.map(({ text, met }) => {
        const verdict = met === null ? 'not judged' : met ? 'met' : 'missed';
        return `${text}: ${verdict}`;
      });
      return `| ${title} | ${unit} | ${figures.join(' | ')} | ${verdicts.join('; ')} |`;
    }),
    '',
    `Medians of ${report.runs}, ${report.seconds} s each, the ways taking turns. Load tool, client, proxy and server share the cores.`,
    '',
    `- ${report.date.slice(0, 10)}, ${machine.cpu}, ${machine.cores} cores, ${machine.os}, Node ${machine.node}`,
    ...ways.map(({ title, about }) => `- ${title}: ${about}`),
    '- 100 ms, bulk: 70 % of 8 bodies of 1,000,000 B per round trip, which is what a session’s buffers hold',
    ...httpFailures(report).map((line) => `- ${line.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' / ')}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** Everything that did not work, one line each. Empty when the run is good. */
export function httpFailures(report: HttpReport): string[] {
  return report.rows.flatMap(({ title, cells }) =>
    report.ways.flatMap((way) =>
      (cells[way.id]?.failures ?? []).map((reason) => `${way.title}, ${title}, failed: ${reason}`),
    ),
  );
}
