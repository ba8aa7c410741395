import { Play, SquarePen } from 'lucide-react';
import { useState } from 'react';
import { useTexts } from '../core/language.tsx';
import { go } from '../core/route.ts';
import { done } from '../core/toasts.ts';
import { useApp } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { FailurePanel } from '../ui/failure-panel.tsx';
import { ImportBox } from '../ui/import-box.tsx';
import { Screen } from '../ui/screen.tsx';

/** The one page of a beginning: paste what one has, fill in by hand, or see it work on this machine. */
export function FirstRun() {
  const t = useTexts();
  const trial = useApp((app) => app.tryIt);
  const [starting, setStarting] = useState(false);
  const tryIt = async () => {
    setStarting(true);
    await done((client) => client.tryIt.start());
    setStarting(false);
  };
  return (
    <Screen title={t('home.title')}>
      <div className="first">
        <header className="first-head">
          <h2>{t('firstRun.title')}</h2>
          <p>{t('firstRun.line')}</p>
        </header>
        <div className="card first-card">
          <ImportBox
            label={t('firstRun.paste')}
            placeholder={t('firstRun.placeholder')}
            onDone={(ids) => void (ids.length === 1 ? go('profiles', ids[0]) : go('profiles'))}
          />
        </div>
        <div className="first-ways">
          <div className="card first-way">
            <h3>{t('firstRun.byHand')}</h3>
            <p>{t('editor.addressHint')}</p>
            <Button icon={SquarePen} onClick={() => void go('profiles', 'new')}>
              {t('firstRun.byHand')}
            </Button>
          </div>
          <div className="card first-way">
            <h3>{t('firstRun.tryIt')}</h3>
            <p>{t('firstRun.tryItLine')}</p>
            <Button
              look="primary"
              icon={Play}
              busy={starting || trial.kind === 'starting'}
              onClick={() => void tryIt()}
            >
              {t('firstRun.tryIt')}
            </Button>
          </div>
        </div>
        {trial.kind === 'failed' && (
          <div className="card">
            <FailurePanel failure={trial.failure} />
          </div>
        )}
      </div>
    </Screen>
  );
}
