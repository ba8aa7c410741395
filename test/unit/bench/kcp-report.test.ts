import { describe, expect, it } from 'vitest';
import { type KcpReport, kcpMarkdown } from '../../bench/kcp-report.ts';

const figure = (peer: string, id: string, median: number) => ({
  peer,
  id,
  seconds: 20,
  samples: [median],
  median,
});

const report: KcpReport = {
  suite: 'kcp',
  date: '2026-01-02T03:04:05Z',
  machine: { cpu: 'a cpu', cores: 2, memoryBytes: 1, os: 'Linux', node: 'v20' },
  peers: ['culvert -K', 'culvert -w'],
  figures: [
    figure('culvert -K', 'goodput1', 86.04),
    figure('culvert -w', 'goodput1', 7.2),
    figure('culvert -K', 'goodput5', 79.9),
    figure('culvert -K', 'sent1', 1.251),
  ],
};

describe('the table of KCP', () => {
  const lines = kcpMarkdown(report).split('\n');
  const row = (title: string): string => lines.find((line) => line.startsWith(`| ${title} |`)) ?? '';

  it('judges Culvert alone, and says what was not run', () => {
    expect(row('download, 1 % loss')).toBe('| download, 1 % loss | Mbit/s | 86.0 | 7.2 | ≥ 85: met |');
    expect(row('download, 5 % loss')).toBe('| download, 5 % loss | Mbit/s | 79.9 |  | ≥ 80: missed |');
    expect(row('bytes on the link for one, 1 % loss')).toContain('| 1.25 |  | ≤ 1.25: missed |');
    expect(row('download on loopback, without the link')).toContain('≥ 100: not run');
  });

  it('says how long was measured', () => {
    expect(lines.join(' ')).toContain('Medians of 1 runs of 20 s each.');
  });
});
