import { useId, useState } from 'react';
import { toFailure } from '../../src-shared/errors.ts';
import { host } from '../core/host.ts';
import { useTexts } from '../core/language.tsx';
import { hide } from '../core/overlays.ts';
import { done, toast, toastFailure } from '../core/toasts.ts';
import { currentApp, useApp } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { agree, NewPassphrase, NO_PASSPHRASE } from '../ui/passphrase.tsx';

/** Opens what is sealed, or changes how keys are kept. */
export function SecretsDialog() {
  // As it was opened: what is unlocked closes the dialog, and does not ask how keys are kept.
  const [locked] = useState(() => currentApp()?.secrets.locked);
  return locked ? <Unlock /> : <ChooseStore />;
}

function Unlock() {
  const t = useTexts();
  const [passphrase, setPassphrase] = useState('');
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState(false);
  const unlock = async () => {
    if (passphrase === '' || busy) return;
    setBusy(true);
    try {
      await host().secrets.unlock({ passphrase });
      hide();
    } catch (error) {
      const failure = toFailure(error);
      setBusy(false);
      setWrong(failure.code === 'ERR_BAD_PASSPHRASE');
      if (failure.code !== 'ERR_BAD_PASSPHRASE') toastFailure(failure);
    }
  };
  return (
    <Dialog
      title={t('secrets.unlockTitle')}
      onClose={hide}
      onSubmit={() => void unlock()}
      foot={
        <Button look="primary" submit busy={busy} disabled={passphrase === ''}>
          {t('secrets.unlock')}
        </Button>
      }
    >
      <TextField
        label={t('backup.passphrase')}
        type="password"
        autoComplete="current-password"
        hint={t('secrets.unlockLine')}
        error={wrong ? t('failures.ERR_BAD_PASSPHRASE.title') : undefined}
        value={passphrase}
        onText={(text) => {
          setPassphrase(text);
          setWrong(false);
        }}
      />
    </Dialog>
  );
}

function ChooseStore() {
  const t = useTexts();
  const name = useId();
  const { store, offers, mustChoose } = useApp((app) => app.secrets);
  const [chosen, setChosen] = useState(store);
  const [words, setWords] = useState(NO_PASSPHRASE);
  const [busy, setBusy] = useState(false);
  const good = chosen !== 'passphrase' || agree(words);
  const save = async () => {
    if (!good || busy) return;
    setBusy(true);
    const wanted =
      chosen === 'passphrase' ? ({ store: chosen, passphrase: words.first } as const) : { store: chosen };
    const saved = await done((client) => client.secrets.setStore(wanted));
    setBusy(false);
    if (!saved) return;
    hide();
    toast({ tone: 'done', title: t('settings.saved') });
  };
  return (
    <Dialog
      title={t(mustChoose ? 'secrets.chooseTitle' : 'settings.sections.secrets')}
      onClose={hide}
      onSubmit={() => void save()}
      foot={
        <>
          <Button onClick={hide}>{t('buttons.cancel')}</Button>
          <Button look="primary" submit busy={busy} disabled={!good}>
            {t('buttons.save')}
          </Button>
        </>
      }
    >
      <fieldset className="choices">
        <legend className="visually-hidden">{t('settings.sections.secrets')}</legend>
        {offers.map((offer) => (
          <label key={offer} className="choice">
            <input type="radio" name={name} checked={offer === chosen} onChange={() => setChosen(offer)} />
            <span>
              <strong>{t(`secrets.stores.${offer}`)}</strong>
              <span className="hint-line">{t(`secrets.${offer}Hint`)}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {chosen === 'passphrase' && <NewPassphrase value={words} onValue={setWords} />}
    </Dialog>
  );
}
