import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { type Command, commandsFor, matchCommands } from '../core/commands.ts';
import { useTexts } from '../core/language.tsx';
import { hide } from '../core/overlays.ts';
import { useApp } from '../store.ts';

/** Everything one can do, by typing a few letters of it. */
export function Palette() {
  const t = useTexts();
  const listId = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const app = useApp((state) => state);
  const commands = matchCommands(commandsFor(t, app), text);
  const chosen = Math.min(at, commands.length - 1);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const run = (command: Command | undefined) => {
    if (command === undefined) return;
    hide();
    command.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && commands.length > 0) {
      event.preventDefault();
      const next = (chosen + step + commands.length) % commands.length;
      setAt(next);
      document.getElementById(`${listId}-${next}`)?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      event.preventDefault();
      run(commands[chosen]);
    }
  };
  return (
    <dialog
      ref={dialog}
      className="palette"
      aria-label={t('palette.open')}
      onCancel={(event) => {
        event.preventDefault();
        hide();
      }}
      onPointerDown={(event) => {
        if (event.target === dialog.current) hide();
      }}
    >
      <input
        className="palette-input"
        role="combobox"
        aria-label={t('palette.placeholder')}
        aria-expanded={commands.length > 0}
        aria-controls={listId}
        aria-activedescendant={commands.length > 0 ? `${listId}-${chosen}` : undefined}
        aria-autocomplete="list"
        autoComplete="off"
        spellCheck={false}
        placeholder={t('palette.placeholder')}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div className="palette-list" role="listbox" id={listId} aria-label={t('palette.open')} tabIndex={-1}>
        {commands.map(({ id, icon: Icon, label, group }, index) => (
          <button
            key={id}
            type="button"
            role="option"
            tabIndex={-1}
            id={`${listId}-${index}`}
            aria-selected={index === chosen}
            className="palette-item"
            onPointerMove={() => setAt(index)}
            onClick={() => run(commands[index])}
          >
            <Icon size={15} aria-hidden="true" />
            <span className="palette-label">{label}</span>
            <span className="palette-group">{group}</span>
          </button>
        ))}
      </div>
      {commands.length === 0 && <p className="palette-empty">{t('palette.empty')}</p>}
    </dialog>
  );
}
