import { ClipboardPaste, FileUp, QrCode } from 'lucide-react';
import { type DragEvent, useEffect, useId, useState } from 'react';
import type { ImportPreview } from '../../src-shared/contract-files.ts';
import { chooseFile, readClipboard, readQr } from '../core/files.ts';
import { type Choice, defaultChoices, toApply } from '../core/import-choices.ts';
import { useTexts } from '../core/language.tsx';
import { attempt, toastUndo } from '../core/toasts.ts';
import { useLink } from '../store.ts';
import { Button } from './button.tsx';
import { TextArea } from './field.tsx';
import { ImportPreviewList, importFaultText } from './import-preview.tsx';

/** While somebody types, the host is asked when they pause. */
const PAUSE_MS = 250;

interface Props {
  readonly label: string;
  readonly placeholder: string;
  readonly text?: string;
  readonly onDone: (ids: readonly string[]) => void;
}

/** Text in, preview out; nothing is saved before its button. A file may be dropped on it. */
export function ImportBox({ label, placeholder, text: given = '', onDone }: Props) {
  const t = useTexts();
  const headingId = useId();
  const [text, setText] = useState(given);
  const { preview, choices, setChoices } = usePreview(text);
  const [problem, setProblem] = useState('');
  const [saving, setSaving] = useState(false);
  const put = (read: string) => {
    setProblem('');
    setText(read);
  };
  const fromFile = async (file: File | undefined) => {
    if (file === undefined) return;
    if (!file.type.startsWith('image/')) return put(await file.text());
    const found = await readQr(file).catch(() => undefined);
    if (found === undefined) setProblem(t('imports.noQr'));
    else put(found);
  };
  const fromClipboard = async () => {
    const read = await readClipboard();
    if (read === undefined) setProblem(t('imports.clipboardDenied'));
    else put(read);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    void fromFile(event.dataTransfer.files[0]);
  };
  const items = preview?.ok ? toApply(preview.items, choices) : [];
  const apply = async () => {
    setSaving(true);
    const saved = await attempt((client) => client.imports.apply({ items }));
    setSaving(false);
    if (saved === undefined) return;
    toastUndo(t('imports.done', { count: saved.ids.length }), saved.undo);
    onDone(saved.ids);
  };
  const wrong = preview?.ok === false ? importFaultText(t, preview.error) : '';
  return (
    <fieldset className="import" onDragOver={(event) => event.preventDefault()} onDrop={drop}>
      <legend className="visually-hidden">{t('imports.title')}</legend>
      <TextArea
        label={label}
        placeholder={placeholder}
        rows={3}
        value={text}
        onText={put}
        error={problem || wrong}
        field="import"
      />
      <div className="import-ways">
        <Button icon={ClipboardPaste} onClick={() => void fromClipboard()}>
          {t('firstRun.fromClipboard')}
        </Button>
        <Button
          icon={FileUp}
          onClick={() => void chooseFile('.txt,.json,.conf,.config,text/*').then(fromFile)}
        >
          {t('firstRun.fromFile')}
        </Button>
        <Button icon={QrCode} onClick={() => void chooseFile('image/*').then(fromFile)}>
          {t('firstRun.fromImage')}
        </Button>
      </div>
      {preview?.ok && (
        <section className="import-preview" aria-labelledby={headingId}>
          <h3 id={headingId}>{t('imports.preview')}</h3>
          <ImportPreviewList items={preview.items} choices={choices} onChoices={setChoices} />
          <div className="import-foot">
            <Button look="primary" busy={saving} disabled={items.length === 0} onClick={() => void apply()}>
              {t('imports.apply', { count: items.length })}
            </Button>
          </div>
        </section>
      )}
    </fieldset>
  );
}

function usePreview(text: string) {
  const [preview, setPreview] = useState<ImportPreview>();
  const [choices, setChoices] = useState<readonly Choice[]>([]);
  const up = useLink() === 'up';
  useEffect(() => {
    if (text.trim() === '' || !up) {
      setPreview(undefined);
      return;
    }
    let wanted = true;
    const timer = setTimeout(async () => {
      const answer = await attempt((client) => client.imports.preview({ text }));
      if (!wanted || answer === undefined) return;
      setPreview(answer);
      setChoices(answer.ok ? defaultChoices(answer.items) : []);
    }, PAUSE_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [text, up]);
  return { preview, choices, setChoices };
}
