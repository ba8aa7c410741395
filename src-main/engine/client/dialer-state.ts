import type { CulvertError } from '../base/errors.ts';
import type { CarrierKind } from '../carrier/carrier.ts';

/** How the client stands to its server. Times are of the engine's monotonic clock, ms. */
export type DialerState =
  | { kind: 'stopped' }
  /** There is no session, and one is asked for. */
  | { kind: 'connecting'; since: number }
  | ({ kind: 'connected'; since: number } & InUse)
  /** Nothing answers on the carrier in use (`stalls`), or much later than it did (`slow`); others are tried. */
  | ({ kind: 'degraded'; since: number; how: 'stalls' | 'slow' } & InUse)
  /** The session is held, with its streams, and has no carrier. `until`: the next try; undefined = trying now. */
  | { kind: 'reconnecting'; since: number; attempt: number; until: number | undefined; error: CulvertError }
  /** This machine has no network, as far as its host knows. It is tried all the same, at `until`. */
  | { kind: 'waitingForNetwork'; since: number; attempt: number; until: number; error: CulvertError }
  /** There is no session, and `error.code` says what a person may mend. It is tried again at `until`. */
  | { kind: 'failed'; since: number; attempt: number; until: number; error: CulvertError };

/** The carrier in use. */
export interface InUse {
  transport: CarrierKind;
  /** Where it goes. */
  carrier: string;
  /** Why this one: a few words. */
  why: string;
  /** The session had another carrier before. */
  resumed: boolean;
}

/** What is known of one transport. */
export interface PathStatus {
  transport: CarrierKind;
  name: string;
  rank: number;
  state: 'untried' | 'inUse' | 'works' | 'fails';
  /** Last authenticated echo over it, ms. */
  rttMs: number | undefined;
  /** Why it failed last. */
  error: CulvertError | undefined;
  /** When it is tried again while another one is in use. */
  retryAt: number | undefined;
}

/** The carrier in use, with what it found out about its path. */
export interface CarrierStatus extends InUse {
  since: number;
  rttMs: number | undefined;
  learnt: Readonly<Record<string, number | string | boolean | undefined>>;
}
