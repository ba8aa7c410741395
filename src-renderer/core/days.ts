/** Totals per day for a chart: every day has its place, also those without traffic. Pure. */
import type { DayTotal } from '../../src-shared/stats.ts';

const DAY_MS = 86_400_000;

/** The last `count` days up to the newest of the given ones or today's, whichever is later; oldest first. */
export function lastDays(totals: readonly DayTotal[], count: number, now: number): readonly DayTotal[] {
  const today = new Date(now).toISOString().slice(0, 10);
  const newest = totals.reduce((last, { day }) => (day > last ? day : last), today);
  const end = Date.parse(newest);
  const byDay = new Map(totals.map((total) => [total.day, total]));
  return Array.from({ length: count }, (_, index) => {
    const day = new Date(end - (count - 1 - index) * DAY_MS).toISOString().slice(0, 10);
    return byDay.get(day) ?? { day, sent: 0, received: 0 };
  });
}
