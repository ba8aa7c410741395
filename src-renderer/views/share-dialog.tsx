import { Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { profileTitle } from '../../src-shared/profile.ts';
import { copyText } from '../core/actions.ts';
import { useTexts } from '../core/language.tsx';
import { hide } from '../core/overlays.ts';
import { attempt } from '../core/toasts.ts';
import { useApp } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { fitsQr, Qr } from '../ui/qr.tsx';
import { Checkbox } from '../ui/toggle.tsx';

/** A profile as link and QR code. The key goes along only when it is asked for, and it is said which it is. */
export function ShareDialog({ profileId }: { readonly profileId: string }) {
  const t = useTexts();
  const profile = useApp((app) => app.profiles[profileId]);
  const [withKey, setWithKey] = useState(false);
  const [withRules, setWithRules] = useState(true);
  const [shared, setShared] = useState<{ link: string; hasKey: boolean }>();
  useEffect(() => {
    let wanted = true;
    void attempt((client) => client.share.link({ id: profileId, withKey, withRules })).then((answer) => {
      if (wanted) setShared(answer);
    });
    return () => {
      wanted = false;
    };
  }, [profileId, withKey, withRules]);
  return (
    <Dialog
      title={t('share.title', { name: profile ? profileTitle(profile) : '' })}
      onClose={hide}
      foot={
        <Button
          look="primary"
          icon={Copy}
          disabled={shared === undefined}
          onClick={() => void copyText(shared?.link ?? '')}
        >
          {t('share.copyLink')}
        </Button>
      }
    >
      <div className="share">
        <div className="share-options">
          <Checkbox label={t('share.withKey')} checked={withKey} onChange={setWithKey} />
          <Checkbox label={t('share.withRules')} checked={withRules} onChange={setWithRules} />
          <p className={shared?.hasKey ? 'warn-line' : 'hint-line'} role="status">
            {t(shared?.hasKey ? 'share.hasKey' : 'share.noKey')}
          </p>
          <TextField label={t('share.link')} mono readOnly value={shared?.link ?? ''} onText={() => {}} />
        </div>
        {shared && fitsQr(shared.link) && <Qr text={shared.link} label={t('share.qr')} />}
        {shared && !fitsQr(shared.link) && <p className="hint-line">{t('share.qrTooLong')}</p>}
      </div>
    </Dialog>
  );
}
