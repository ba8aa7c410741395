import { type ChangeEvent, type ReactNode, useId } from 'react';

interface SwitchProps {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  /** The label is for screen readers alone: what is switched stands beside it. */
  readonly bare?: boolean;
  readonly disabled?: boolean;
}

/** On or off, at once. */
export function Switch({ label, checked, onChange, bare, disabled }: SwitchProps) {
  const common = {
    type: 'checkbox',
    role: 'switch',
    className: 'switch',
    checked,
    'aria-checked': checked,
    disabled,
    onChange: (event: ChangeEvent<HTMLInputElement>) => onChange(event.target.checked),
  };
  if (bare) return <input {...common} aria-label={label} />;
  return (
    <label className="toggle">
      <input {...common} />
      <span>{label}</span>
    </label>
  );
}

/** A choice that takes effect with a button further on. */
export function Checkbox(props: SwitchProps & { readonly hint?: ReactNode }) {
  const hintId = useId();
  return (
    <div>
      <label className="toggle">
        <input
          type="checkbox"
          className="checkbox"
          checked={props.checked}
          disabled={props.disabled}
          aria-describedby={props.hint ? hintId : undefined}
          onChange={(event) => props.onChange(event.target.checked)}
        />
        <span>{props.label}</span>
      </label>
      {props.hint && (
        <div id={hintId} className="toggle-hint">
          {props.hint}
        </div>
      )}
    </div>
  );
}

interface SegmentsProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: ReadonlyArray<{ readonly value: T; readonly label: string }>;
  readonly onChoice: (value: T) => void;
}

/** One of a few, all of them seen. Arrow keys move, as in every group of radio buttons. */
export function Segments<T extends string>({ label, value, options, onChoice }: SegmentsProps<T>) {
  const name = useId();
  return (
    <fieldset className="segments">
      <legend className="visually-hidden">{label}</legend>
      {options.map((option) => (
        <label key={option.value} className="segment">
          <input
            type="radio"
            name={name}
            checked={option.value === value}
            onChange={() => onChoice(option.value)}
          />
          <span>{option.label}</span>
        </label>
      ))}
    </fieldset>
  );
}
