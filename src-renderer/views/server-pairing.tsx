import { Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { printHostPort } from '../../src-shared/address.ts';
import type { ServerView } from '../../src-shared/embedded-server.ts';
import { copyText } from '../core/actions.ts';
import { host } from '../core/host.ts';
import { useTexts } from '../core/language.tsx';
import { useLink } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { fitsQr, Qr } from '../ui/qr.tsx';
import { Checkbox } from '../ui/toggle.tsx';

/** The link and code by which another machine gets this server as a profile. */
export function PairingPart({ server }: { readonly server: ServerView }) {
  const t = useTexts();
  const up = useLink() === 'up';
  const [withKey, setWithKey] = useState(true);
  const [link, setLink] = useState('');
  const { config, key } = server;
  // The link changes with what it is made of.
  const madeOf = JSON.stringify([
    config.bind,
    config.publicHost,
    config.publicPort,
    config.path,
    key,
    server.addresses,
  ]);
  const hasKey = key.kind === 'set';
  useEffect(() => {
    if (!up || !hasKey || madeOf === '') return;
    let wanted = true;
    host()
      .server.pairingLink({ withKey, host: '' })
      .then((answer) => {
        if (wanted) setLink(answer.link);
      })
      .catch(() => {
        if (wanted) setLink('');
      });
    return () => {
      wanted = false;
    };
  }, [up, hasKey, madeOf, withKey]);
  const address = printHostPort(
    config.publicHost || (server.addresses.at(0)?.address ?? ''),
    config.publicPort ?? config.bind.port,
  );
  if (!hasKey || link === '') return <p className="card quiet-card">{t('server.clientsOff')}</p>;
  return (
    <div className="card stack pairing">
      {fitsQr(link) && <Qr text={link} label={t('share.qr')} />}
      <p className="hint-line">{t('page.linkFor', { address })}</p>
      <Checkbox label={t('share.withKey')} checked={withKey} onChange={setWithKey} />
      <p className={withKey ? 'warn-line' : 'hint-line'}>
        {t(withKey ? 'server.pairingWithKey' : 'server.pairingWithoutKey')}
      </p>
      <div className="buttons">
        <Button icon={Copy} onClick={() => void copyText(link)}>
          {t('share.copyLink')}
        </Button>
      </div>
    </div>
  );
}
