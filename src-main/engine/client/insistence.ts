import type { Insistence } from './round.ts';

/** How a loss that is fresh is met (see `Insistence`), ms. */
const BASE = { graceMs: 1_000, gapMs: 30, share: 1 / 16 } as const;
/**
 * Tries of one transport beside each other. Few enough that a server, which may have attached all of them, does not
 * drop the one that is chosen for its successors (`maxCarriers`).
 */
const MOST = 6;
/** What a try may take at least before one that began later replaces it, ms; else some round trips. */
const PATIENCE_MS = 300;

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
  const patience = Math.max(PATIENCE_MS, 4 * rttMs + 100);
  return { ...BASE, sinceMs, untilMs, overlapMs: patience / MOST, most: MOST };
}
