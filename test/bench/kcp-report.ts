import { formatFigure } from './markdown.ts';
import type { Machine } from './report.ts';

export interface KcpFigure {
  readonly peer: string;
  readonly id: string;
  /** Length of a sample. */
  readonly seconds: number;
  readonly samples: readonly number[];
  readonly median: number;
}

export interface KcpReport {
  readonly suite: 'kcp';
  readonly date: string;
  readonly machine: Machine;
  readonly peers: readonly string[];
  readonly figures: readonly KcpFigure[];
}

interface Row {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  /** What `culvert -K` has to reach. */
  readonly goal?: { readonly sign: '≥' | '≤'; readonly value: number };
}

const least = (value: number) => ({ sign: '≥', value }) as const;
const most = (value: number) => ({ sign: '≤', value }) as const;

export const KCP_ROWS: readonly Row[] = [
  { id: 'goodput1', title: 'download, 1 % loss', unit: 'Mbit/s', goal: least(85) },
  { id: 'goodput5', title: 'download, 5 % loss', unit: 'Mbit/s', goal: least(80) },
  { id: 'goodput10', title: 'download, 10 % loss', unit: 'Mbit/s', goal: least(70) },
  { id: 'sent1', title: 'bytes on the link for one, 1 % loss', unit: 'x', goal: most(1.25) },
  { id: 'sent5', title: 'the same, 5 % loss', unit: 'x', goal: most(1.25) },
  { id: 'sent10', title: 'the same, 10 % loss', unit: 'x', goal: most(1.25) },
  { id: 'share', title: 'smaller share of two downloads, 1 % loss', unit: '%', goal: least(40) },
  { id: 'shared', title: 'both together', unit: 'Mbit/s' },
  { id: 'echo0', title: 'echo of 64 B beside a download, no loss, p50', unit: 'ms', goal: most(160) },
  { id: 'echo1', title: 'the same, 1 % loss', unit: 'ms', goal: most(160) },
  { id: 'echo5', title: 'the same, 5 % loss', unit: 'ms' },
  { id: 'echo10', title: 'the same, 10 % loss', unit: 'ms' },
  { id: 'loopback', title: 'download on loopback, without the link', unit: 'MB/s', goal: least(100) },
];

function goalText({ goal }: Row, value: number | undefined): string {
  if (goal === undefined) return '';
  const text = `${goal.sign} ${goal.value}`;
  if (value === undefined) return `${text}: not run`;
  const met = goal.sign === '≥' ? value >= goal.value : value <= goal.value;
  return `${text}: ${met ? 'met' : 'missed'}`;
}

function cell(value: number | undefined, unit: string): string {
  if (value === undefined) return '';
  return unit === 'x' ? value.toFixed(2) : formatFigure(value);
}

/** The report as Markdown: a table, then what one must know to read it. */
export function kcpMarkdown(report: KcpReport): string {
  const range = (values: readonly number[]): string => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return low === high ? `${low}` : `${low} to ${high}`;
  };
  const runs = range(report.figures.map(({ samples }) => samples.length));
  const seconds = range(report.figures.map((figure) => figure.seconds));
  const find = (peer: string, id: string): number | undefined =>
    report.figures.find((figure) => figure.peer === peer && figure.id === id)?.median;
  const rows = KCP_ROWS.map((row) => {
    const cells = report.peers.map((peer) => cell(find(peer, row.id), row.unit));
    return `| ${row.title} | ${row.unit} | ${cells.join(' | ')} | ${goalText(row, find('culvert -K', row.id))} |`;
  });
  const lines = [
    `| | unit | ${report.peers.join(' | ')} | to reach |`,
    `|---|---|${report.peers.map(() => '---:|').join('')}---|`,
    ...rows,
    '',
    'The link is `test/bench/link.c`: 100 Mbit/s, 50 ms each way, a queue of 100 ms, random loss each way. Culvert ' +
      'goes through whole (`-W 16m`), one connection, its start included; the ARQs are bare, without encryption, ' +
      `with a window of 1024 segments. Medians of ${runs} runs of ${seconds} s each.`,
    '',
    `- ${report.date.slice(0, 10)}, ${report.machine.cpu}, ${report.machine.cores} cores, ${report.machine.os}, Node ${report.machine.node}`,
  ];
  return `${lines.join('\n')}\n`;
}
