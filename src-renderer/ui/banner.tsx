import { CloudOff, LockKeyhole, TriangleAlert, Unplug, X } from 'lucide-react';
import { useTexts } from '../core/language.tsx';
import { show } from '../core/overlays.ts';
import { done } from '../core/toasts.ts';
import { useApp, useLink } from '../store.ts';
import { Button, IconButton } from './button.tsx';

/** What holds for the whole window: the host is gone, the network is, keys are locked, something should be known. */
export function Banner() {
  const t = useTexts();
  const link = useLink();
  const { network, secrets, notices } = useApp(({ network, secrets, notices }) => ({
    network,
    secrets,
    notices,
  }));
  return (
    <div className="banners" aria-live="polite">
      {link === 'gone' && (
        <div className="banner banner-problem">
          <Unplug size={15} aria-hidden="true" />
          <p>{t('frame.hostGone')}</p>
        </div>
      )}
      {link === 'outdated' && (
        <div className="banner banner-problem">
          <TriangleAlert size={15} aria-hidden="true" />
          <p>{t('frame.reload')}</p>
          <Button onClick={() => location.reload()}>{t('actions.reload')}</Button>
        </div>
      )}
      {network === 'offline' && link === 'up' && (
        <div className="banner">
          <CloudOff size={15} aria-hidden="true" />
          <p>{t('frame.offline')}</p>
        </div>
      )}
      {(secrets.locked || secrets.mustChoose) && (
        <div className="banner banner-problem">
          <LockKeyhole size={15} aria-hidden="true" />
          <p>{t(secrets.locked ? 'secrets.unlockLine' : 'secrets.chooseLine')}</p>
          <Button onClick={() => show({ kind: 'secrets' })}>
            {t(secrets.locked ? 'secrets.unlock' : 'buttons.choose')}
          </Button>
        </div>
      )}
      {Object.values(notices).map(({ id, kind, failure }) => (
        <div key={id} className="banner">
          <TriangleAlert size={15} aria-hidden="true" />
          <p>{t(`notices.${kind}`, { subject: failure?.details?.subject ?? '' })}</p>
          <IconButton
            label={t('buttons.dismiss')}
            icon={X}
            onClick={() => void done((client) => client.system.dismissNotice({ id }))}
          />
        </div>
      ))}
    </div>
  );
}
