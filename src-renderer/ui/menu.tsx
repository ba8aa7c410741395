import type { LucideIcon } from 'lucide-react';
import { Ellipsis } from 'lucide-react';
import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import { IconButton } from './button.tsx';

export interface MenuItem {
  readonly label: string;
  readonly icon: LucideIcon;
  readonly run: () => void;
  readonly danger?: boolean;
  readonly disabled?: boolean;
}

/** The things one does seldom. Opens by click, Enter or arrow; arrows move, Escape and Tab close. */
export function Menu({ label, items }: { readonly label: string; readonly items: readonly MenuItem[] }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const anchor = useRef<HTMLDivElement>(null);
  const close = (refocus: boolean) => {
    setOpen(false);
    if (refocus) anchor.current?.querySelector('button')?.focus();
  };
  return (
    <div className="menu-anchor" ref={anchor}>
      <IconButton
        label={label}
        icon={Ellipsis}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown') return;
          event.preventDefault();
          setOpen(true);
        }}
      />
      {open && <MenuList id={id} items={items} close={close} anchor={anchor.current} />}
    </div>
  );
}

interface ListProps {
  readonly id: string;
  readonly items: readonly MenuItem[];
  readonly close: (refocus: boolean) => void;
  readonly anchor: HTMLElement | null;
}

function MenuList({ id, items, close, anchor }: ListProps) {
  const list = useRef<HTMLDivElement>(null);
  // Placed before it is painted: below its button, or above where there is no room, and never beyond the window.
  useLayoutEffect(() => {
    const menu = list.current;
    if (menu === null || anchor === null) return;
    const button = anchor.getBoundingClientRect();
    const { width, height } = menu.getBoundingClientRect();
    const below = button.bottom + 4 + height <= innerHeight;
    menu.style.top = `${Math.max(4, below ? button.bottom + 4 : button.top - 4 - height)}px`;
    menu.style.left = `${Math.max(4, Math.min(button.right - width, innerWidth - width - 4))}px`;
    menu.querySelector<HTMLElement>('[role=menuitem]')?.focus();
  }, [anchor]);
  useEffect(() => {
    const outside = (event: Event) => {
      if (event.target instanceof Node && !anchor?.contains(event.target)) close(false);
    };
    document.addEventListener('pointerdown', outside);
    document.addEventListener('scroll', outside, true);
    return () => {
      document.removeEventListener('pointerdown', outside);
      document.removeEventListener('scroll', outside, true);
    };
  }, [anchor, close]);
  const onKeyDown = (event: KeyboardEvent) => {
    const entries = [
      ...(list.current?.querySelectorAll<HTMLElement>('[role=menuitem]:not(:disabled)') ?? []),
    ];
    const at = entries.indexOf(document.activeElement as HTMLElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      entries[(at + step + entries.length) % entries.length]?.focus();
    } else if (event.key === 'Home' || event.key === 'End') {
      event.preventDefault();
      entries.at(event.key === 'Home' ? 0 : -1)?.focus();
    } else if (event.key === 'Escape' || event.key === 'Tab') {
      event.preventDefault();
      event.stopPropagation();
      close(true);
    }
  };
  return (
    <div id={id} role="menu" className="menu" ref={list} tabIndex={-1} onKeyDown={onKeyDown}>
      {items.map(({ label, icon: Icon, run, danger, disabled }) => (
        <button
          key={label}
          type="button"
          role="menuitem"
          className={`menu-item${danger ? ' menu-item-danger' : ''}`}
          disabled={disabled}
          onClick={() => {
            close(true);
            run();
          }}
        >
          <Icon size={14} aria-hidden="true" />
          {label}
        </button>
      ))}
    </div>
  );
}
