import type { UpdateState } from '../../src-shared/state.ts';
import { useTexts } from '../core/language.tsx';
import { done } from '../core/toasts.ts';
import { hostNow, useApp } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { FailurePanel } from '../ui/failure-panel.tsx';
import { Part } from '../ui/screen.tsx';
import { Segments } from '../ui/toggle.tsx';

/** Updates, where the host can install them. */
export function UpdatePart() {
  const t = useTexts();
  const update = useApp((app) => app.update);
  const choice = useApp((app) => app.settings.updates);
  return (
    <Part title={t('settings.sections.update')}>
      <div className="card stack">
        <Segments
          label={t('settings.sections.update')}
          value={choice}
          options={(['auto', 'ask', 'off'] as const).map((value) => ({
            value,
            label: t(`update.choices.${value}`),
          }))}
          onChoice={(updates) => void done((client) => client.settings.change({ change: { updates } }))}
        />
        {update.kind === 'failed' ? (
          <FailurePanel failure={update.failure} />
        ) : (
          <UpdateLine update={update} />
        )}
      </div>
    </Part>
  );
}

function UpdateLine({ update }: { readonly update: Exclude<UpdateState, { kind: 'failed' }> }) {
  const t = useTexts();
  switch (update.kind) {
    case 'idle':
      return (
        <div className="buttons">
          <Button onClick={() => void done((client) => client.update.check())}>{t('update.check')}</Button>
          {update.checkedAt !== null && (
            <p className="hint-line">
              {t('update.lastCheck', { age: t.duration(Math.max(0, hostNow() - update.checkedAt)) })}
            </p>
          )}
        </div>
      );
    case 'checking':
      return <p role="status">{t('update.checking')}</p>;
    case 'available':
      return (
        <div className="buttons">
          <p>{t('update.available', { version: update.version })}</p>
          <Button onClick={() => void done((client) => client.update.load())}>{t('update.load')}</Button>
        </div>
      );
    case 'loading':
      return <p role="status">{t('update.loading', { percent: Math.round(update.percent) })}</p>;
    case 'ready':
      return (
        <div className="buttons">
          <p>{t('update.ready', { version: update.version })}</p>
          <Button look="primary" onClick={() => void done((client) => client.update.install())}>
            {t('update.install')}
          </Button>
        </div>
      );
  }
}
