import { useTexts } from '../core/language.tsx';
import { TextField } from './field.tsx';

export interface Passphrases {
  readonly first: string;
  readonly again: string;
}
export const NO_PASSPHRASE: Passphrases = { first: '', again: '' };

export function agree({ first, again }: Passphrases): boolean {
  return first.trim() !== '' && first === again;
}

/** A new passphrase, twice, since nobody can see or look up what was typed. */
export function NewPassphrase(props: { value: Passphrases; onValue: (value: Passphrases) => void }) {
  const t = useTexts();
  const { value, onValue } = props;
  const differ = value.again !== '' && value.first !== value.again;
  return (
    <div className="pair">
      <TextField
        label={t('backup.passphrase')}
        type="password"
        autoComplete="new-password"
        value={value.first}
        onText={(first) => onValue({ ...value, first })}
      />
      <TextField
        label={t('backup.repeat')}
        type="password"
        autoComplete="new-password"
        value={value.again}
        error={differ ? t('backup.mismatch') : undefined}
        onText={(again) => onValue({ ...value, again })}
      />
    </div>
  );
}
