import { type CulvertError, quote } from '../engine/index.ts';
import { nearestLong, type OptionSpec, optionByLong, optionByShort, type RawItem } from './argument-table.ts';
import { GENERAL_EXAMPLE, usageError } from './usage-error.ts';

/** `help` and `version` end the reading at once, as everywhere. */
export type Tokens =
  | { readonly kind: 'items'; readonly items: readonly RawItem[] }
  | { readonly kind: 'help' | 'version' }
  | { readonly kind: 'error'; readonly error: CulvertError };

/** Most arguments read: far above any real use. */
const MAX_ARGUMENTS = 4096;

/**
 * Reads the arguments in any order: `-p value`, `-p=value`, `--key value`, `--key=value`, bundles of switches
 * whose last letter may take a value (`-wL 1080::1080`), `--` before what must not be read as an option.
 * Like goflyway, a value that does not start with a letter may follow its switch directly (`-L1080::1080`).
 */
export function tokenize(argv: readonly string[]): Tokens {
  if (argv.length > MAX_ARGUMENTS) {
    return fail(`${argv.length} arguments are too many (${MAX_ARGUMENTS})`, GENERAL_EXAMPLE);
  }
  const items: RawItem[] = [];
  let index = 0;
  let onlyPositional = false;

  /** The argument after the current one, if it can be a value. */
  const takeValue = (): string | undefined => {
    const next = argv[index];
    if (next === undefined) return undefined;
    // "-5" is nobody's switch; it is a wrong number, and reads best as one.
    if (next.startsWith('-') && next !== '-' && !/^-\d/.test(next)) return undefined;
    index++;
    return next;
  };

  while (index < argv.length) {
    const arg = argv[index++];
    if (onlyPositional || !arg.startsWith('-') || arg === '-') {
      items.push({ slot: 'address', option: undefined, text: arg, label: 'address', from: 'command line' });
      continue;
    }
    if (arg === '--') {
      onlyPositional = true;
      continue;
    }
    const read = arg.startsWith('--') ? readLong(arg) : readBundle(arg);
    if (read.kind === 'error') return read;
    for (const { spec, label, attached } of read.found) {
      if (spec.slot === 'help' || spec.slot === 'version') return { kind: spec.slot };
      let text = attached;
      if (spec.value !== undefined && text === undefined) {
        text = takeValue();
        // goflyway's -D is also a bare switch; whether it is one here shows when everything is read.
        if (text === undefined && spec.slot !== 'dynamic')
          return { kind: 'error', error: missingValue(spec, label) };
      }
      items.push({ slot: spec.slot, option: spec, text, label, from: 'command line' });
    }
  }
  return { kind: 'items', items };
}

/** The error of an option that takes a value and got none. */
export function missingValue(spec: OptionSpec, label: string): CulvertError {
  const hint = spec.secret ? `a value that begins with - is written ${label}=-value` : undefined;
  return usageError('ERR_BAD_OPTION', `${label} needs a value: ${spec.value}`, spec.example, hint);
}

interface Found {
  readonly spec: OptionSpec;
  readonly label: string;
  readonly attached: string | undefined;
}
type Read =
  | { readonly kind: 'found'; readonly found: readonly Found[] }
  | { readonly kind: 'error'; readonly error: CulvertError };

function readLong(arg: string): Read {
  const equals = arg.indexOf('=');
  const name = equals < 0 ? arg.slice(2) : arg.slice(2, equals);
  const attached = equals < 0 ? undefined : arg.slice(equals + 1);
  const spec = optionByLong(name);
  if (spec === undefined) return unknown(`--${name}`, name);
  if (spec.value === undefined && attached !== undefined) {
    return fail(`--${name} takes no value, but ${quote(attached)} follows it`, spec.example);
  }
  return { kind: 'found', found: [{ spec, label: `--${name}`, attached }] };
}

function readBundle(arg: string): Read {
  const word = arg.slice(1).split('=', 1)[0];
  // "-key" is not a bundle of k, e and y.
  if (word.length > 1 && optionByLong(word) !== undefined) return unknown(`-${word}`, word);
  const found: Found[] = [];
  for (let i = 1; i < arg.length; i++) {
    const label = `-${arg[i]}`;
    const spec = optionByShort(arg[i]);
    const rest = arg.slice(i + 1);
    if (spec === undefined) return unknown(`-${String.fromCodePoint(arg.codePointAt(i) ?? 0)}`, word);
    if (spec.value === undefined) {
      if (rest.startsWith('='))
        return fail(`${label} takes no value, but ${quote(rest)} follows it`, spec.example);
      found.push({ spec, label, attached: undefined });
      continue;
    }
    if (rest === '') found.push({ spec, label, attached: undefined });
    else if (rest.startsWith('=')) found.push({ spec, label, attached: rest.slice(1) });
    else if (!spec.secret && !/^[a-z]/i.test(rest)) found.push({ spec, label, attached: rest });
    else {
      const shown = spec.secret ? '' : `, but ${quote(rest)} follows it`;
      return fail(
        `${label} must be the last letter of its group${shown}`,
        spec.example,
        `write ${label} value`,
      );
    }
    break;
  }
  return { kind: 'found', found };
}

function unknown(shown: string, word: string): { kind: 'error'; error: CulvertError } {
  const near = nearestLong(word);
  const spec = near === undefined ? undefined : optionByLong(near);
  return fail(
    `unknown option ${quote(shown)}`,
    spec?.example ?? 'culvert --help',
    near === undefined ? undefined : `did you mean --${near}?`,
  );
}

function fail(message: string, example: string, hint?: string): { kind: 'error'; error: CulvertError } {
  return { kind: 'error', error: usageError('ERR_BAD_OPTION', message, example, hint) };
}
