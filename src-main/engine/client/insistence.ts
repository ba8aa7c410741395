import type { Insistence } from './round.ts';

/** How a loss that is fresh is met (see `Insistence`), ms. */
const BASE = { graceMs: 1_000, gapMs: 30, share: 1 / 16 } as const;
/** Shortest time between tries beside each other, ms, and most of them at a time. */
const OVERLAP_MS = 50;
const MOST = 24;
/** What a try may take at least before one that began later replaces it, ms; else some round trips. */
const PATIENCE_MS = 400;

/** For what happened at `sinceMs`. Undefined where that is no longer fresh. */
export function insistence(
  sinceMs: number,
  nowMs: number,
  insistMs: number,
  rttMs = 300,
): Insistence | undefined {
  const untilMs = sinceMs + insistMs;
  if (nowMs >= untilMs) return undefined;
  // The way there, the flight and its answer: two round trips, and as much again for a path that is slower now.
  const patience = Math.max(PATIENCE_MS, 4 * rttMs + 200);
  const overlapMs = Math.max(OVERLAP_MS, patience / MOST);
  return { ...BASE, sinceMs, untilMs, overlapMs, most: Math.ceil(patience / overlapMs) };
}
