import type { Tb } from './tb.ts';

type Runs = ReadonlyArray<readonly [mode: string, ...rest: number[]]>;

/** Seconds and streams. */
const BULK: Runs = [
  ['down', 2, 8],
  ['up', 2, 8],
  ['down', 1, 1],
  ['up', 1, 1],
];

/** Connections, round trips, and bulk again: what these leave behind is part of what is measured. */
const SMALL: Runs = [
  ['conn', 2000, 16],
  ['rtt', 8000, 64],
  ['down', 1, 8],
  ['up', 1, 8],
];

/**
 * What each peer does before anything counts, on every path it will be measured on: compiled code, grown windows, warm
 * caches, and time to find out whether a way streams. Seconds of it, as V8 compiles that long (by hand a tenth and more
 * of two processors), and a forwarder runs for hours. `bulk` leaves out what takes long where a round trip does.
 */
export async function warmUp(tool: Tb, port: number, what: 'bulk' | 'all'): Promise<void> {
  for (const [mode, ...rest] of what === 'all' ? [...BULK, ...SMALL] : BULK)
    await tool.run([mode, '127.0.0.1', port, ...rest], 2);
}
