import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What the kernel says about one process. Times in seconds, sizes in bytes. */
export interface ProcessUsage {
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly rss: number;
  readonly peakRss: number;
}

/**
 * User and system time of a /proc/PID/stat line, in clock ticks (fields 14 and 15; proc(5)). The command name
 * may hold spaces and brackets, so fields are counted from the last `)`.
 */
export function parseStatTicks(stat: string): { user: number; system: number } | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const user = Number(fields[11]);
  const system = Number(fields[12]);
  return Number.isFinite(user) && Number.isFinite(system) ? { user, system } : undefined;
}

/** Resident size now (VmRSS) and at its highest (VmHWM) of /proc/PID/status, in bytes. */
export function parseStatusMemory(status: string): { rss: number; peakRss: number } | undefined {
  const kib = (field: string): number | undefined => {
    const match = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status);
    return match === null ? undefined : Number(match[1]) * 1024;
  };
  const rss = kib('VmRSS');
  const peakRss = kib('VmHWM');
  return rss === undefined || peakRss === undefined ? undefined : { rss, peakRss };
}

let ticksPerSecond: number | undefined;

function clockTicks(): number {
  if (ticksPerSecond === undefined) {
    try {
      ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })) || 100;
    } catch {
      ticksPerSecond = 100;
    }
  }
  return ticksPerSecond;
}

/** Usage of a live process; undefined when it is gone or the system has no /proc. */
export function readUsage(pid: number): ProcessUsage | undefined {
  try {
    const ticks = parseStatTicks(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    const memory = parseStatusMemory(readFileSync(`/proc/${pid}/status`, 'utf8'));
    if (ticks === undefined || memory === undefined) return undefined;
    const perSecond = clockTicks();
    return { userSeconds: ticks.user / perSecond, systemSeconds: ticks.system / perSecond, ...memory };
  } catch {
    return undefined;
  }
}
