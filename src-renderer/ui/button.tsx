import type { LucideIcon } from 'lucide-react';
import type { ButtonHTMLAttributes, ReactNode } from 'react';

type Native = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'type' | 'className'>;

interface Props extends Native {
  /** One primary button per screen at most. */
  readonly look?: 'primary' | 'plain' | 'quiet' | 'danger';
  readonly icon?: LucideIcon;
  readonly busy?: boolean;
  readonly submit?: boolean;
  readonly large?: boolean;
  readonly children: ReactNode;
}

/** While it is busy it takes no second click, and keeps the focus, which a disabled one would lose. */
export function Button(props: Props) {
  const { look = 'plain', icon: Icon, busy, submit, large, children, onClick, ...rest } = props;
  return (
    <button
      {...rest}
      type={submit ? 'submit' : 'button'}
      className={`button button-${look}${large ? ' button-large' : ''}`}
      aria-busy={busy || undefined}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {busy ? (
        <span className="spinner" aria-hidden="true" />
      ) : (
        Icon && <Icon size={large ? 16 : 14} aria-hidden="true" />
      )}
      <span className="button-text">{children}</span>
    </button>
  );
}

interface IconProps extends Native {
  /** What a screen reader says and what hovering shows. */
  readonly label: string;
  readonly icon: LucideIcon;
  readonly pressed?: boolean;
  readonly danger?: boolean;
}

export function IconButton({ label, icon: Icon, pressed, danger, ...rest }: IconProps) {
  return (
    <button
      {...rest}
      type="button"
      className={`icon-button${danger ? ' icon-button-danger' : ''}`}
      aria-label={label}
      aria-pressed={pressed}
      title={label}
    >
      <Icon size={15} aria-hidden="true" />
    </button>
  );
}
