import type { StressOptions } from './options.ts';
import type { CulvertUsage, StressResult } from './result.ts';
import { clientLine, NO_CLIENT_COUNTERS, NO_SERVER_COUNTERS, serverLine } from './status.ts';

/** The end of the output: the status lines over the whole run, then latency, cost and the verdict. */
export function summaryLines(options: StressOptions, result: StressResult): string[] {
  const { client, server, latency, seconds } = result;
  return [
    '',
    `=== summary of ${seconds.toFixed(1)}s: ${options.conns} connections, up to ${options.msgs} messages each, ` +
      `${options.size} bytes, transport ${options.transport} ===`,
    clientLine(client, NO_CLIENT_COUNTERS, seconds),
    serverLine(server, NO_SERVER_COUNTERS, seconds),
    `Latency: p50 ${latency.p50.toFixed(2)} ms, p99 ${latency.p99.toFixed(2)} ms, max ${latency.max.toFixed(2)} ms`,
    usageLine('client', result.usage.client),
    usageLine('server', result.usage.server),
    ...verdict(result),
  ];
}

function usageLine(side: 'client' | 'server', usage: CulvertUsage | undefined): string {
  if (usage === undefined)
    return `Culvert ${side}: CPU and memory unknown (it ended, or there is no /proc here)`;
  const mib = (bytes: number): string => `${(bytes / 1048576).toFixed(1)} MiB`;
  return (
    `Culvert ${side}: CPU ${(usage.user + usage.system).toFixed(2)} s (${usage.percent.toFixed(0)} % of a core; ` +
    `user ${usage.user.toFixed(2)} s, system ${usage.system.toFixed(2)} s), ` +
    `memory ${mib(usage.peakRss)} at the peak, ${mib(usage.rss)} at the end`
  );
}

function verdict({ ok, interrupted, client, problems }: StressResult): string[] {
  if (ok) return [`OK: ${client.received} echoes, each exact and in order`];
  const headline = interrupted
    ? `INTERRUPTED after ${client.received} exact echoes`
    : `FAILED: ${client.errors} errors, ${client.failed} connections failed`;
  return [headline, ...problems.map((problem) => `  ${problem}`)];
}
