import { ArrowDown, ArrowUp, Cable } from 'lucide-react';
import { useEffect, useState } from 'react';
import { formatBytes, formatCount, formatRate } from '../../src-shared/format.ts';
import { profileTitle } from '../../src-shared/profile.ts';
import type { GraphWindow } from '../../src-shared/settings.ts';
import type { DayTotal } from '../../src-shared/stats.ts';
import { host } from '../core/host.ts';
import { useTexts } from '../core/language.tsx';
import { lastFailure } from '../core/last-failure.ts';
import { useLiveFigures, useTotals } from '../core/live.ts';
import { onProfiles } from '../core/select.ts';
import { useTick } from '../core/streams.ts';
import { done } from '../core/toasts.ts';
import { useApp, useLink } from '../store.ts';
import { FailurePanel } from '../ui/failure-panel.tsx';
import { Graph } from '../ui/graph.tsx';
import { Hero } from '../ui/hero.tsx';
import { ProfileRows } from '../ui/profile-rows.tsx';
import { Part, Screen } from '../ui/screen.tsx';
import { TryItCard } from '../ui/try-it-card.tsx';

/** A short graph moves ten times a second, the longer ones once. */
const RATE_OF: Readonly<Record<GraphWindow, number>> = { '1m': 10, '15m': 1, '1h': 1 };

export function Home() {
  const t = useTexts();
  const window = useApp((app) => app.settings.graphWindow);
  const trial = useApp((app) => app.tryIt.kind);
  const { on, all } = useApp((app) => ({ on: onProfiles(app).length, all: app.order.length }));
  useLiveFigures(RATE_OF[window]);
  return (
    <Screen title={t('home.title')} beside={t('home.overall', { on, all })}>
      <div className="home">
        <div className="card hero-card">
          <Hero />
          <Figures />
          <Graph
            scope={{ kind: 'total' }}
            window={window}
            onWindow={(graphWindow) =>
              void done((client) => client.settings.change({ change: { graphWindow } }))
            }
          />
        </div>
        {trial !== 'off' && <TryItCard />}
        <div className="home-columns">
          <Part title={t('home.profiles')}>
            <div className="card list-card">
              <ProfileRows compact />
            </div>
          </Part>
          <Part title={t('home.lastError')}>
            <LastError />
          </Part>
        </div>
      </div>
    </Screen>
  );
}

function Figures() {
  const t = useTexts();
  const totals = useTotals();
  const today = useToday();
  const rate = (value: number | undefined) => (value === undefined ? '–' : formatRate(value));
  return (
    <dl className="figures">
      <div className="figure">
        <dt>
          <ArrowDown size={13} aria-hidden="true" />
          {t('common.down')}
        </dt>
        <dd>{rate(totals?.down)}</dd>
      </div>
      <div className="figure">
        <dt>
          <ArrowUp size={13} aria-hidden="true" />
          {t('common.up')}
        </dt>
        <dd>{rate(totals?.up)}</dd>
      </div>
      <div className="figure">
        <dt>
          <Cable size={13} aria-hidden="true" />
          {t('screens.connections')}
        </dt>
        <dd>{totals === undefined ? '–' : formatCount(totals.connections)}</dd>
      </div>
      <div className="figure figure-minor">
        <dt>{t('home.today')}</dt>
        <dd>
          ↓ {formatBytes(today?.received ?? 0)}{' '}
          <span className="figure-second">↑ {formatBytes(today?.sent ?? 0)}</span>
        </dd>
      </div>
    </dl>
  );
}

const TODAY_EVERY_MS = 10_000;

function useToday(): DayTotal | undefined {
  const [today, setToday] = useState<DayTotal>();
  const up = useLink() === 'up';
  const tick = useTick(TODAY_EVERY_MS);
  useEffect(() => {
    // Named, so that each tick asks again.
    if (!up || tick < 0) return;
    let wanted = true;
    host()
      .stats.daily({ profileId: null, days: 1 })
      .then((days) => {
        if (wanted) setToday(days.at(-1));
      })
      .catch(() => {});
    return () => {
      wanted = false;
    };
  }, [up, tick]);
  return today;
}

function LastError() {
  const t = useTexts();
  const seen = useApp((app) => lastFailure(app) ?? null);
  const name = useApp((app) => {
    const profile = seen && app.profiles[seen.profileId];
    return profile ? profileTitle(profile) : '';
  });
  if (seen === null) return <p className="card quiet-card">{t('home.noError')}</p>;
  const title = [name, seen.at !== null && t.clock(seen.at)].filter(Boolean).join(' · ');
  const place = { profileId: seen.profileId, ...(seen.ruleId !== null && { ruleId: seen.ruleId }) };
  return (
    <div className={`card${seen.now ? '' : ' past'}`}>
      <FailurePanel failure={seen.failure} place={place} title={title} withoutFix={!seen.now} />
    </div>
  );
}
