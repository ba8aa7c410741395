import type { Clock } from '../base/clock.ts';
import type { CulvertError } from '../base/errors.ts';
import type { CarrierKind } from '../carrier/carrier.ts';
import type { Candidate } from './carry.ts';
import type { PathStatus } from './dialer-state.ts';

interface Page {
  readonly candidate: Candidate;
  /** Failures in a row, each while another one worked: a network that is down says nothing about a transport. */
  failures: number;
  /** Lives in a row that ended too soon. */
  shortLives: number;
  dueAt: number;
  worked: boolean;
  rttMs: number | undefined;
  error: CulvertError | undefined;
}

/** A carrier that lived shorter than this lived short, ms. */
const SHORT_LIFE_MS = 30_000;
/** Short lives in a row that count as a failure. */
const SHORT_LIVES = 3;

export interface BookOptions {
  candidates: readonly Candidate[];
  clock: Clock;
  /** What failed while another one worked is tried again after this; doubled with each failure. */
  reprobeMinMs: number;
  reprobeMaxMs: number;
}

/** What is known of each transport on this network: which to try first, and when to try a better one again. */
export class CandidateBook {
  private readonly options: BookOptions;
  private readonly pages: Page[];

  constructor(options: BookOptions) {
    this.options = options;
    this.pages = options.candidates.map((candidate) => ({
      candidate,
      failures: 0,
      shortLives: 0,
      dueAt: 0,
      worked: false,
      rttMs: undefined,
      error: undefined,
    }));
    this.pages.sort((a, b) => a.candidate.rank - b.candidate.rank);
  }

  /** Those that may be tried, the most promising first: what fails here, last. */
  order(): Candidate[] {
    const open = this.pages.filter(({ candidate }) => candidate.available());
    return open
      .sort((a, b) => Number(a.failures > 0) - Number(b.failures > 0) || a.candidate.rank - b.candidate.rank)
      .map(({ candidate }) => candidate);
  }

  /** Those better than the one in use that are due, the best first. */
  betterThan(kind: CarrierKind): Candidate[] {
    const now = this.options.clock.now();
    return this.betterPages(kind)
      .filter(({ dueAt }) => dueAt <= now)
      .map(({ candidate }) => candidate);
  }

  /** When `betterThan` gives one; undefined = never. */
  nextDue(kind: CarrierKind): number | undefined {
    const times = this.betterPages(kind).map(({ dueAt }) => dueAt);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  private betterPages(kind: CarrierKind): Page[] {
    const used = this.page(kind);
    if (used === undefined) return [];
    return this.pages.filter(
      ({ candidate }) => candidate.rank < used.candidate.rank && candidate.available(),
    );
  }

  passed(kind: CarrierKind, rttMs: number | undefined): void {
    const page = this.page(kind);
    if (page === undefined) return;
    page.worked = true;
    page.failures = 0;
    page.error = undefined;
    if (rttMs !== undefined) page.rttMs = rttMs;
  }

  /** It failed, and another one works. */
  failed(kind: CarrierKind, error: CulvertError): void {
    const page = this.page(kind);
    if (page === undefined) return;
    const { clock, reprobeMinMs, reprobeMaxMs } = this.options;
    page.dueAt = clock.now() + Math.min(reprobeMaxMs, reprobeMinMs * 2 ** Math.min(page.failures, 20));
    page.failures++;
    page.worked = false;
    page.error = error;
  }

  /** A carrier in use was lost after `lifeMs`. One that never lives long fails, though each try of it passes. */
  lost(kind: CarrierKind, lifeMs: number, error: CulvertError): void {
    const page = this.page(kind);
    if (page === undefined) return;
    page.shortLives = lifeMs < SHORT_LIFE_MS ? page.shortLives + 1 : 0;
    if (page.shortLives >= SHORT_LIVES && this.order().length > 1) {
      page.shortLives = 0;
      this.failed(kind, error);
    }
  }

  /** Another network: what is known is worth little. */
  reset(): void {
    for (const page of this.pages) {
      page.candidate.forget?.();
      page.failures = 0;
      page.shortLives = 0;
      page.dueAt = 0;
    }
  }

  status(inUse: CarrierKind | undefined): PathStatus[] {
    // One that has never been possible here is no news.
    const known = this.pages.filter(({ candidate }) => candidate.available() || candidate.kind === inUse);
    return known.map((page) => ({
      transport: page.candidate.kind,
      name: page.candidate.name,
      rank: page.candidate.rank,
      state: stateOf(page, inUse),
      rttMs: page.rttMs,
      error: page.error,
      retryAt: page.failures > 0 && page.candidate.kind !== inUse ? page.dueAt : undefined,
    }));
  }

  private page(kind: CarrierKind): Page | undefined {
    return this.pages.find(({ candidate }) => candidate.kind === kind);
  }
}

function stateOf(page: Page, inUse: CarrierKind | undefined): PathStatus['state'] {
  if (page.candidate.kind === inUse) return 'inUse';
  if (page.failures > 0) return 'fails';
  return page.worked ? 'works' : 'untried';
}
