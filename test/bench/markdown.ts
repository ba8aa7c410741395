import { CulvertError } from '../../src-main/engine/base/errors.ts';
import type { MemoryFigures } from './memory.ts';
import type { BenchReport, Cell, MetricRow } from './report.ts';

/** One decimal below 100, none above: what the medians of a few runs can carry. */
export function formatFigure(value: number): string {
  return value.toFixed(Math.abs(value) < 100 ? 1 : 0);
}

export function formatCell(cell: Cell): string {
  if (cell.median === null) {
    const runs = cell.samples.length + cell.failures.length;
    return runs === 0 ? 'not run' : `FAILED in ${cell.failures.length} of ${runs}`;
  }
  const ratio = cell.ratioToSsh === null ? '' : ` (${cell.ratioToSsh.toFixed(2)}x)`;
  return `${formatFigure(cell.median)}${ratio}`;
}

function formatGoals(row: MetricRow): string {
  const sign = row.better === 'higher' ? '≥' : '≤';
  const goals = Object.values(row.cells).flatMap(({ goal }) => {
    if (goal === undefined) return [];
    const verdict = goal.met === null ? 'not judged' : goal.met ? 'met' : 'missed';
    return [`${sign} ${goal.ratio.toFixed(1)}x: ${verdict}`];
  });
  return goals.join('; ');
}

/** Words of others (peer output) must not break a table or end a list item. */
function oneLine(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' / ');
}

function memoryLines(name: string, figures: MemoryFigures): string[] {
  const both = ({ rss, live }: { rss: number; live: number }): string =>
    `${formatFigure(rss / 1024)} KiB resident, ${formatFigure(live / 1024)} KiB live`;
  return [
    `- ${name}, idle memory for each of ${figures.streams} streams: client ${both(figures.clientPerStream)};` +
      ` server ${both(figures.serverPerStream)}; a socket of a plain Node relay alone ${both(figures.relayPerSocket)}`,
    `- ${name}, idle memory of the server for each of ${figures.sessions} sessions: ${both(figures.serverPerSession)}`,
  ];
}

/** The report as Markdown: a table, then what one must know to read it. */
export function toMarkdown(report: BenchReport): string {
  const names = report.peers.map((peer) => peer.name);
  const lines = [
    `| | unit | ${names.join(' | ')} | to reach |`,
    `|---|---|${names.map(() => '---:|').join('')}---|`,
    ...report.metrics.map((row) => {
      const cells = names.map((name) => formatCell(row.cells[name]));
      return `| ${row.title} | ${row.unit} | ${cells.join(' | ')} | ${formatGoals(row)} |`;
    }),
    '',
    'In brackets the ratio to `ssh -L` (aes128-gcm) of the same run; for µs less is better.' +
      ` Medians of ${report.runs}, ${report.seconds} s each, the peers taking turns.`,
    '',
    `- ${report.date.slice(0, 10)}, ${report.machine.cpu}, ${report.machine.cores} cores, ${report.machine.os}`,
    ...report.peers.map((peer) => `- ${peer.name}: ${oneLine(peer.version)}`),
    ...report.absent.map((peer) => `- ${peer.name}: ${peer.state}, ${oneLine(peer.reason)}`),
    ...Object.entries(report.memory).flatMap(([name, memory]) =>
      memory.ok
        ? memoryLines(name, memory.figures)
        : [`- ${name}, idle memory: FAILED, ${oneLine(memory.reason)}`],
    ),
    ...failureLines(report),
  ];
  return `${lines.join('\n')}\n`;
}

/** The reason behind every FAILED in the table: the first of a cell's, as the next mostly differ in their figures. */
function failureLines(report: BenchReport): string[] {
  const lines: string[] = [];
  for (const row of report.metrics) {
    for (const [name, cell] of Object.entries(row.cells)) {
      const [first] = cell.failures;
      if (first !== undefined) lines.push(`- ${name}, ${row.title}, failed: ${oneLine(first)}`);
    }
  }
  return lines;
}

/**
 * Puts `markdown` between `<!-- bench:SUITE -->` and `<!-- /bench:SUITE -->`.
 * @throws {CulvertError} ERR_BAD_CONFIG when the text has no such pair of markers
 */
export function replaceMarked(text: string, suite: string, markdown: string): string {
  const [open, close] = [`<!-- bench:${suite} -->`, `<!-- /bench:${suite} -->`];
  const start = text.indexOf(open);
  const end = text.indexOf(close, start + open.length);
  if (start < 0 || end < 0) {
    throw new CulvertError('ERR_BAD_CONFIG', `no place for the table of ${suite}`, {
      remedy: `add the lines ${open} and ${close} where it belongs`,
    });
  }
  return `${text.slice(0, start + open.length)}\n${markdown.trim()}\n${text.slice(end)}`;
}
