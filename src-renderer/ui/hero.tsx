import { profileTitle } from '../../src-shared/profile.ts';
import type { AppState } from '../../src-shared/state.ts';
import { nextAction } from '../../src-shared/status.ts';
import { connect, disconnect, retry } from '../core/actions.ts';
import { connectionDetails } from '../core/connect-words.ts';
import { useTexts } from '../core/language.tsx';
import { headline, onProfiles } from '../core/select.ts';
import { useTick } from '../core/streams.ts';
import { hostNow, useApp, useLink } from '../store.ts';
import { Button } from './button.tsx';
import { FixButton } from './failure-panel.tsx';
import { StateMark } from './state-mark.tsx';

/** What the one button connects when nothing is on: what connects at start, else the first. */
export function toConnect(app: Pick<AppState, 'order' | 'profiles'>): readonly string[] {
  const atStart = app.order.filter((id) => app.profiles[id]?.connectAtStart);
  return atStart.length > 0 ? atStart : app.order.slice(0, 1);
}

/** The state of it all: shape, word, one line, and the one thing to do. */
export function Hero() {
  const t = useTexts();
  const link = useLink();
  const { connection, profile } = useApp(headline);
  useTick(1_000);
  if (link !== 'up') {
    return (
      <div className="hero tone-unknown" data-state="unknown">
        <StateMark kind="unknown" size={36} />
        <div className="hero-text">
          <p className="hero-word">{t('page.noAnswer')}</p>
          <p className="hero-line">{t('page.noAnswerLine')}</p>
        </div>
      </div>
    );
  }
  const details = connectionDetails(t, connection, hostNow());
  const line =
    connection.kind === 'failed'
      ? t(`failures.${connection.failure.code}.title`)
      : t(`states.${connection.kind}.line`);
  const parts = [...(profile ? [profileTitle(profile)] : []), ...details];
  return (
    <div className={`hero tone-${connection.kind}`} data-state={connection.kind}>
      <StateMark kind={connection.kind} size={36} />
      <div className="hero-text">
        <p className="hero-word" role="status">
          {t(`states.${connection.kind}.word`)}
        </p>
        <p className="hero-line">
          {parts.length > 0 && connection.kind === 'connected' ? parts.join(' · ') : line}
        </p>
        {connection.kind !== 'connected' && parts.length > 0 && (
          <p className="hero-line hero-parts">{parts.join(' · ')}</p>
        )}
      </div>
      <HeroButtons />
    </div>
  );
}

function HeroButtons() {
  const t = useTexts();
  const { connection, profile } = useApp(headline);
  const on = useApp((app) => onProfiles(app).map(({ id }) => id));
  const candidates = useApp(toConnect);
  const only = useApp((app) => app.order.length === 1);
  const firstName = useApp((app) =>
    candidates.length === 1 ? profileTitle(app.profiles[candidates[0]]) : '',
  );
  const next = nextAction(connection);
  const off = (
    <Button large onClick={() => void disconnect(...on)}>
      {t(on.length > 1 ? 'buttons.disconnectAll' : 'buttons.disconnect')}
    </Button>
  );
  switch (next.kind) {
    case 'connect':
      return (
        <div className="hero-buttons">
          <Button
            look="primary"
            large
            disabled={candidates.length === 0}
            onClick={() => void connect(...candidates)}
          >
            {only || firstName === '' ? t('buttons.connect') : t('palette.connectTo', { name: firstName })}
          </Button>
        </div>
      );
    case 'cancel':
      return (
        <div className="hero-buttons">
          <Button look="primary" large onClick={() => void disconnect(...on)}>
            {t('buttons.cancel')}
          </Button>
        </div>
      );
    case 'disconnect':
      return <div className="hero-buttons">{off}</div>;
    case 'retry':
      return (
        <div className="hero-buttons">
          <Button look="primary" large onClick={() => void retry(profile?.id ?? '')}>
            {t('buttons.retryNow')}
          </Button>
          {off}
        </div>
      );
    case 'fix':
      return (
        <div className="hero-buttons">
          {connection.kind === 'failed' && profile && (
            <FixButton failure={connection.failure} place={{ profileId: profile.id }} primary large />
          )}
          {off}
        </div>
      );
  }
}
