import type { ClientCounters, ServerCounters } from './status.ts';

/** What one Culvert process used from the first connection to the last. CPU in seconds, memory in bytes. */
export interface CulvertUsage {
  readonly user: number;
  readonly system: number;
  /** Of one core. */
  readonly percent: number;
  readonly rss: number;
  /** Since the process began. */
  readonly peakRss: number;
}

export interface StressResult {
  /** Every connection opened, and every message came back exactly, in order. */
  readonly ok: boolean;
  readonly interrupted: boolean;
  readonly seconds: number;
  readonly client: Readonly<ClientCounters>;
  readonly server: ServerCounters;
  /** Milliseconds. */
  readonly latency: {
    readonly mean: number;
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
  };
  /** Undefined where the system has no /proc. */
  readonly usage: { readonly client: CulvertUsage | undefined; readonly server: CulvertUsage | undefined };
  /** What went wrong, the first few of each kind. Empty when `ok`. */
  readonly problems: readonly string[];
}
