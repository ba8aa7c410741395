import { ExternalLink, FlaskConical } from 'lucide-react';
import { useTexts } from '../core/language.tsx';
import { done } from '../core/toasts.ts';
import { useApp } from '../store.ts';
import { Button } from './button.tsx';
import { FailurePanel } from './failure-panel.tsx';

/** *Try it on this machine*: what runs, how to see it from outside, and how to end it. */
export function TryItCard() {
  const t = useTexts();
  const state = useApp((app) => app.tryIt);
  if (state.kind === 'failed') {
    return (
      <div className="card">
        <FailurePanel failure={state.failure} />
      </div>
    );
  }
  const url = state.kind === 'on' ? state.url : undefined;
  return (
    <div className="card try-card">
      <FlaskConical size={18} aria-hidden="true" />
      <div className="try-text">
        <p className="try-title">{t(state.kind === 'on' ? 'tryIt.on' : 'tryIt.starting')}</p>
        {url !== undefined && <p className="try-line">{t('tryIt.curl', { command: `curl ${url}` })}</p>}
      </div>
      {url !== undefined && (
        <a className="button button-plain" href={url} target="_blank" rel="noreferrer">
          <ExternalLink size={14} aria-hidden="true" />
          <span className="button-text">{t('tryIt.open')}</span>
        </a>
      )}
      <Button onClick={() => void done((client) => client.tryIt.stop())}>{t('tryIt.stop')}</Button>
    </div>
  );
}
