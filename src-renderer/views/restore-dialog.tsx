import { FileUp } from 'lucide-react';
import { useState } from 'react';
import type { BackupPreview } from '../../src-shared/contract-files.ts';
import { chooseFile } from '../core/files.ts';
import { useTexts } from '../core/language.tsx';
import { hide } from '../core/overlays.ts';
import { planText } from '../core/plan-words.ts';
import { attempt, toastUndo } from '../core/toasts.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { importFaultText } from '../ui/import-preview.tsx';
import { Checkbox, Segments } from '../ui/toggle.tsx';

/** The rest is counted. */
const MOST_LISTED = 20;

type Mode = 'merge' | 'replace';

/** A backup is looked at before anything of it is taken over. */
export function RestoreDialog() {
  const t = useTexts();
  const [content, setContent] = useState('');
  const [passphrase, setPassphrase] = useState('');
  const [preview, setPreview] = useState<BackupPreview>();
  const [mode, setMode] = useState<Mode>('merge');
  const [parts, setParts] = useState({ settings: false, server: false });
  const [busy, setBusy] = useState(false);
  const secret = passphrase === '' ? null : passphrase;
  const look = async (text: string) => {
    setBusy(true);
    const answer = await attempt((client) => client.backup.preview({ content: text, passphrase: secret }));
    setBusy(false);
    setPreview(answer);
  };
  const choose = async () => {
    const file = await chooseFile('.json,application/json');
    if (file === undefined) return;
    const text = await file.text();
    setContent(text);
    await look(text);
  };
  const restore = async () => {
    setBusy(true);
    const answer = await attempt((client) =>
      client.backup.restore({ content, passphrase: secret, mode, ...parts }),
    );
    setBusy(false);
    if (answer === undefined) return;
    hide();
    toastUndo(t('backup.restored', { count: answer.profiles }), answer.undo);
  };
  const ready = preview?.kind === 'ready';
  const profiles = ready ? preview.profiles : [];
  const listed = profiles.slice(0, MOST_LISTED).map((one, index) => ({ ...one, id: `${index} ${one.name}` }));
  return (
    <Dialog
      title={t('backup.restore')}
      onClose={hide}
      onSubmit={() => {
        if (ready) void restore();
        else if (content !== '') void look(content);
      }}
      foot={
        <>
          <Button onClick={hide}>{t('buttons.cancel')}</Button>
          <Button
            look={ready && mode === 'replace' ? 'danger' : 'primary'}
            submit
            busy={busy}
            disabled={content === ''}
          >
            {t(preview?.kind === 'sealed' ? 'secrets.unlock' : 'backup.restore')}
          </Button>
        </>
      }
    >
      <Button icon={FileUp} data-autofocus onClick={() => void choose()}>
        {t('page.chooseFile')}
      </Button>
      {preview?.kind === 'bad' && <p className="field-error">{importFaultText(t, preview.error)}</p>}
      {preview?.kind === 'sealed' && (
        <TextField
          label={t('backup.passphrase')}
          type="password"
          hint={t('backup.sealed')}
          error={preview.wrong ? t('failures.ERR_BAD_PASSPHRASE.title') : undefined}
          value={passphrase}
          onText={setPassphrase}
        />
      )}
      {ready && (
        <>
          <p>{t('backup.from', { date: t.moment(preview.createdAt), version: preview.version })}</p>
          <ul className="restore-list">
            {listed.map(({ id, name, plan }) => (
              <li key={id}>
                {name} <span className="badge">{planText(t, plan)}</span>
              </li>
            ))}
          </ul>
          <p className="hint-line">{t('profiles.count', { count: profiles.length })}</p>
          <Segments<Mode>
            label={t('backup.restore')}
            value={mode}
            options={[
              { value: 'merge', label: t('backup.merge') },
              { value: 'replace', label: t('backup.replace') },
            ]}
            onChoice={setMode}
          />
          {mode === 'replace' && <p className="warn-line">{t('backup.replaceWarning')}</p>}
          {preview.hasSettings && (
            <Checkbox
              label={t('backup.withSettings')}
              checked={parts.settings}
              onChange={(settings) => setParts({ ...parts, settings })}
            />
          )}
          {preview.hasServer && (
            <Checkbox
              label={t('backup.withServer')}
              checked={parts.server}
              onChange={(server) => setParts({ ...parts, server })}
            />
          )}
        </>
      )}
    </Dialog>
  );
}
