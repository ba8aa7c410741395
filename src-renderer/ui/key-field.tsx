import { Eye, EyeOff, KeyRound, Trash2 } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ProfileView } from '../../src-shared/profile.ts';
import type { KeyInfo } from '../../src-shared/schema.ts';
import { keyTextSchema } from '../../src-shared/schema.ts';
import { host } from '../core/host.ts';
import { useTexts } from '../core/language.tsx';
import type { ProfileForm } from '../core/profile-form.ts';
import { attempt } from '../core/toasts.ts';
import { Button, IconButton } from './button.tsx';
import { TextField } from './field.tsx';

/** A passphrase is stretched to be inspected, which costs the host some 100 ms: asked when typing pauses. */
const PAUSE_MS = 300;

interface Props {
  readonly form: ProfileForm;
  readonly profile: ProfileView | undefined;
  readonly error: string | undefined;
  readonly put: (change: Partial<ProfileForm>) => void;
}

/** The key: typed or generated, with its strength; a stored one is kept unless something is entered, and never shown unasked. */
export function KeyField({ form, profile, error, put }: Props) {
  const t = useTexts();
  const [shown, setShown] = useState(false);
  const stored = profile?.secrets.key ?? { kind: 'none' };
  const typed = useKeyInfo(form.key);
  const reveal = async () => {
    if (profile === undefined || form.key !== '' || shown || stored.kind !== 'set') return setShown(!shown);
    const answer = await attempt((client) =>
      client.profiles.reveal({ id: profile.id, secret: { kind: 'key' } }),
    );
    if (answer === undefined) return;
    put({ key: answer.text });
    setShown(true);
  };
  const generate = async () => {
    const answer = await attempt((client) => client.keys.generate());
    if (answer === undefined) return;
    put({ key: answer.text, removeKey: false });
    setShown(true);
  };
  const keeps = form.key === '' && stored.kind === 'set' && !form.removeKey;
  return (
    <TextField
      label={t('editor.key')}
      mono
      type={shown ? 'text' : 'password'}
      autoComplete="new-password"
      placeholder={keeps ? '••••••••••••' : ''}
      field="key"
      value={form.key}
      error={error}
      onText={(key) => put({ key, removeKey: false })}
      beside={
        <>
          <IconButton
            label={t(shown ? 'buttons.hide' : 'buttons.show')}
            icon={shown ? EyeOff : Eye}
            pressed={shown}
            onClick={() => void reveal()}
          />
          {keeps && (
            <IconButton
              label={t('editor.keyRemove')}
              icon={Trash2}
              onClick={() => put({ removeKey: true })}
            />
          )}
          <Button icon={KeyRound} onClick={() => void generate()}>
            {t('buttons.generate')}
          </Button>
        </>
      }
      hint={
        <>
          {typed !== undefined ? (
            <KeyWords info={typed} />
          ) : keeps ? (
            <>
              <KeyWords info={stored} />
              <p>{t('editor.keyKept')}</p>
            </>
          ) : (
            <p>{t('editor.keyHint')}</p>
          )}
          {shown && form.key !== '' && <p>{t('editor.keyShown')}</p>}
        </>
      }
    />
  );
}

/** Strength as words and as a bar, with the fingerprint to compare on both sides. */
export function KeyWords({ info }: { readonly info: KeyInfo }) {
  const t = useTexts();
  if (info.kind !== 'set') return <p>{t(`editor.keyStates.${info.kind}`)}</p>;
  const level = { weak: 1, fair: 2, strong: 3, generated: 4 }[info.verdict];
  return (
    <p className="key-words">
      <meter
        className="strength"
        min={0}
        max={4}
        low={2}
        high={3}
        optimum={4}
        value={level}
        aria-hidden="true"
      />
      <span>{t(`editor.strength.${info.verdict}`)}</span>
      <span className="mono key-print">{t('editor.keyFingerprint', { fingerprint: info.fingerprint })}</span>
    </p>
  );
}

function useKeyInfo(text: string): KeyInfo | undefined {
  const [info, setInfo] = useState<{ of: string; info: KeyInfo }>();
  useEffect(() => {
    if (!keyTextSchema.safeParse(text).success) return;
    let wanted = true;
    const timer = setTimeout(async () => {
      const answer = await host()
        .keys.inspect({ text })
        .catch(() => undefined);
      if (wanted && answer !== undefined) setInfo({ of: text, info: answer });
    }, PAUSE_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [text]);
  return info?.of === text ? info.info : undefined;
}
