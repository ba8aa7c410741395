import { Search, X } from 'lucide-react';
import { useRef } from 'react';
import { useTexts } from '../core/language.tsx';
import { IconButton } from './button.tsx';

interface Props {
  readonly label: string;
  readonly value: string;
  readonly onText: (text: string) => void;
}

/** A field that narrows a list as one types. Escape empties it. */
export function FilterBox({ label, value, onText }: Props) {
  const t = useTexts();
  const input = useRef<HTMLInputElement>(null);
  return (
    <search className="filter">
      <Search size={14} aria-hidden="true" />
      <input
        ref={input}
        className="filter-input"
        type="text"
        autoComplete="off"
        spellCheck={false}
        aria-label={label}
        placeholder={label}
        maxLength={200}
        value={value}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape' || value === '') return;
          event.stopPropagation();
          onText('');
        }}
      />
      {value !== '' && (
        <IconButton
          label={t('common.clearFilter')}
          icon={X}
          onClick={() => {
            onText('');
            input.current?.focus();
          }}
        />
      )}
    </search>
  );
}
