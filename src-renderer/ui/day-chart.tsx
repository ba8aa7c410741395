import { useEffect, useState } from 'react';
import { formatBytes } from '../../src-shared/format.ts';
import type { DayTotal } from '../../src-shared/stats.ts';
import { lastDays } from '../core/days.ts';
import { host } from '../core/host.ts';
import { useTexts } from '../core/language.tsx';
import { hostNow } from '../store.ts';

const DAYS = 30;
const HEIGHT = 48;

/** Bytes per day as bars; each says its figures when pointed at, and all of them stand in a table for screen readers. */
export function DayChart({ profileId }: { readonly profileId: string | null }) {
  const t = useTexts();
  const [totals, setTotals] = useState<readonly DayTotal[]>([]);
  useEffect(() => {
    let wanted = true;
    const ask = async () => {
      const answer = await host().stats.daily({ profileId, days: DAYS });
      if (wanted) setTotals(answer);
    };
    ask().catch(() => {});
    return () => {
      wanted = false;
    };
  }, [profileId]);
  if (totals.length === 0) return null;
  const days = lastDays(totals, DAYS, hostNow());
  const most = Math.max(1, ...days.map(({ sent, received }) => sent + received));
  const words = ({ day, sent, received }: DayTotal) =>
    `${day}  ↓ ${formatBytes(received)}  ↑ ${formatBytes(sent)}`;
  return (
    <section className="group days">
      <h2 className="days-title">{t('home.days', { count: DAYS })}</h2>
      <svg
        className="days-chart"
        viewBox={`0 0 ${DAYS * 10} ${HEIGHT}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        {days.map((total, index) => {
          const height = Math.max(1, ((total.sent + total.received) / most) * HEIGHT);
          return (
            <rect
              key={total.day}
              x={index * 10 + 1}
              width={8}
              y={HEIGHT - height}
              height={height}
              className="day-bar"
            >
              <title>{words(total)}</title>
            </rect>
          );
        })}
      </svg>
      <ul className="visually-hidden" aria-label={t('page.dayList')}>
        {totals.map((total) => (
          <li key={total.day}>{words(total)}</li>
        ))}
      </ul>
    </section>
  );
}
