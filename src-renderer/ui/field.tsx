import { type InputHTMLAttributes, type ReactNode, type TextareaHTMLAttributes, useId } from 'react';

interface Frame {
  readonly label: string;
  readonly hint?: ReactNode;
  /** What is wrong with it, in words. */
  readonly error?: string;
  readonly optional?: string;
  /** What stands at the right of the input: buttons. */
  readonly beside?: ReactNode;
}

/** The ids that tie an input to its words. */
function useIds({ hint, error }: Frame) {
  const id = useId();
  const described = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(' ');
  return { id, describedBy: described || undefined };
}

function Words(props: Frame & { id: string; children: ReactNode }) {
  const { label, hint, error, optional, beside, id, children } = props;
  return (
    <div className={`field${error ? ' field-wrong' : ''}`}>
      <label htmlFor={id} className="field-label">
        {label}
        {optional && <span className="field-optional">{optional}</span>}
      </label>
      <div className="field-row">
        {children}
        {beside}
      </div>
      {error && (
        <p id={`${id}-error`} className="field-error">
          {error}
        </p>
      )}
      {hint && (
        <div id={`${id}-hint`} className="field-hint">
          {hint}
        </div>
      )}
    </div>
  );
}

type InputProps = Frame &
  Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'className' | 'id'> & {
    readonly value: string;
    readonly onText: (text: string) => void;
    /** For what one compares by character: addresses, keys, ports. */
    readonly mono?: boolean;
    /** By which a failure's button finds it. */
    readonly field?: string;
  };

export function TextField(props: InputProps) {
  const { label, hint, error, optional, beside, onText, mono, field, ...input } = props;
  const { id, describedBy } = useIds(props);
  return (
    <Words {...{ label, hint, error, optional, beside, id }}>
      <input
        autoComplete="off"
        spellCheck={false}
        {...input}
        id={id}
        data-field={field}
        className={`input${mono ? ' mono' : ''}`}
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy}
        onChange={(event) => onText(event.target.value)}
      />
    </Words>
  );
}

type AreaProps = Frame &
  Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, 'onChange' | 'className' | 'id'> & {
    readonly value: string;
    readonly onText: (text: string) => void;
    readonly field?: string;
  };

export function TextArea(props: AreaProps) {
  const { label, hint, error, optional, beside, onText, field, ...input } = props;
  const { id, describedBy } = useIds(props);
  return (
    <Words {...{ label, hint, error, optional, beside, id }}>
      <textarea
        autoComplete="off"
        spellCheck={false}
        {...input}
        id={id}
        data-field={field}
        className="input mono"
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy}
        onChange={(event) => onText(event.target.value)}
      />
    </Words>
  );
}

interface SelectProps<T extends string> extends Frame {
  readonly value: T;
  readonly options: ReadonlyArray<{ readonly value: T; readonly label: string; readonly disabled?: boolean }>;
  readonly onChoice: (value: T) => void;
  readonly field?: string;
}

export function SelectField<T extends string>(props: SelectProps<T>) {
  const { label, hint, error, optional, beside, value, options, onChoice, field } = props;
  const { id, describedBy } = useIds(props);
  return (
    <Words {...{ label, hint, error, optional, beside, id }}>
      <select
        id={id}
        data-field={field}
        className="input select"
        value={value}
        aria-describedby={describedBy}
        onChange={(event) => {
          const chosen = options.find((option) => option.value === event.target.value);
          if (chosen !== undefined) onChoice(chosen.value);
        }}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value} disabled={option.disabled}>
            {option.label}
          </option>
        ))}
      </select>
    </Words>
  );
}
