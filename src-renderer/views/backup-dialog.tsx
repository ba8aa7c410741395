import { Download } from 'lucide-react';
import { useState } from 'react';
import { saveFile } from '../core/files.ts';
import { useTexts } from '../core/language.tsx';
import { hide } from '../core/overlays.ts';
import { attempt } from '../core/toasts.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { agree, NewPassphrase, NO_PASSPHRASE } from '../ui/passphrase.tsx';
import { Checkbox } from '../ui/toggle.tsx';

/** Everything in one file. Sealed unless one says otherwise, since it holds the keys. */
export function BackupDialog() {
  const t = useTexts();
  const [withKeys, setWithKeys] = useState(true);
  const [seal, setSeal] = useState(true);
  const [words, setWords] = useState(NO_PASSPHRASE);
  const [busy, setBusy] = useState(false);
  const good = !seal || agree(words);
  const save = async () => {
    if (!good || busy) return;
    setBusy(true);
    const passphrase = seal ? words.first : null;
    const answer = await attempt((client) => client.backup.create({ withKeys, passphrase }));
    setBusy(false);
    if (answer === undefined) return;
    saveFile(answer.fileName, [answer.content], 'application/json');
    hide();
  };
  return (
    <Dialog
      title={t('backup.create')}
      onClose={hide}
      onSubmit={() => void save()}
      foot={
        <>
          <Button onClick={hide}>{t('buttons.cancel')}</Button>
          <Button look="primary" submit icon={Download} busy={busy} disabled={!good}>
            {t('backup.create')}
          </Button>
        </>
      }
    >
      <p>{t('backup.line')}</p>
      <Checkbox label={t('backup.withKeys')} checked={withKeys} onChange={setWithKeys} />
      <Checkbox
        label={t('backup.seal')}
        checked={seal}
        onChange={setSeal}
        hint={seal ? t('backup.lost') : undefined}
      />
      {seal && <NewPassphrase value={words} onValue={setWords} />}
      {!seal && withKeys && <p className="warn-line">{t('backup.unsealedWarning')}</p>}
    </Dialog>
  );
}
