import { CulvertError } from '../../src-main/engine/base/errors.ts';

/** What a command line holds: positional words, and every value given to each flag, in order. */
export interface ParsedFlags {
  readonly positionals: readonly string[];
  /** A flag given without a value has the value `true`. */
  readonly flags: ReadonlyMap<string, ReadonlyArray<string | true>>;
}

/**
 * Splits `--name=value`, `--name value` and bare `--name` (only for names in `switches`) from words.
 * @param known flags that take a value
 * @param switches flags that take none
 * @throws {CulvertError} ERR_BAD_OPTION, naming the flag
 */
export function parseFlags(
  argv: readonly string[],
  known: readonly string[],
  switches: readonly string[],
): ParsedFlags {
  const positionals: string[] = [];
  const flags = new Map<string, Array<string | true>>();
  const add = (name: string, value: string | true): void => {
    flags.set(name, [...(flags.get(name) ?? []), value]);
  };
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i];
    if (!word.startsWith('-')) {
      positionals.push(word);
      continue;
    }
    const equals = word.indexOf('=');
    const name = (equals < 0 ? word : word.slice(0, equals)).replace(/^-+/, '');
    if (switches.includes(name)) {
      if (equals >= 0) throw badFlag(`--${name} takes no value`, `--${name}`);
      add(name, true);
    } else if (known.includes(name)) {
      const value = equals >= 0 ? word.slice(equals + 1) : argv[++i];
      if (value === undefined || value === '') throw badFlag(`--${name} needs a value`, `--${name}=...`);
      add(name, value);
    } else {
      const all = [...known, ...switches].map((each) => `--${each}`).join(', ');
      throw new CulvertError('ERR_BAD_OPTION', `unknown flag ${word}`, { remedy: `known are ${all}` });
    }
  }
  return { positionals, flags };
}

/** The last value given to a flag, or undefined. */
export function lastValue(parsed: ParsedFlags, name: string): string | undefined {
  const value = parsed.flags.get(name)?.at(-1);
  return typeof value === 'string' ? value : undefined;
}

/** Every value given to a flag, commas splitting one value into several. */
export function allValues(parsed: ParsedFlags, name: string): string[] {
  const values = parsed.flags.get(name) ?? [];
  return values.flatMap((value) => (value === true ? [] : value.split(',').filter((part) => part !== '')));
}

/**
 * A whole number between `min` and `max`, both allowed.
 * @throws {CulvertError} ERR_BAD_OPTION
 */
export function parseCount(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw badFlag(
      `--${name}: "${text}" is not a whole number from ${min} to ${max}`,
      `--${name}=${Math.min(Math.max(100, min), max)}`,
    );
  }
  return value;
}

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** The longest duration accepted: 24 hours, which also keeps it within what a timer can hold. */
const MAX_DURATION_MS = 24 * 3_600_000;

/**
 * A duration such as `500ms`, `30s`, `1.5m`, `1h`, as milliseconds.
 * @throws {CulvertError} ERR_BAD_OPTION
 */
export function parseDuration(name: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const value = match === null ? 0 : Number(match[1]) * DURATION_UNITS[match[2]];
  if (value <= 0 || value > MAX_DURATION_MS) {
    throw badFlag(
      `--${name}: "${text}" is not a duration (a number and ms, s, m or h; at most 24h)`,
      `--${name}=30s`,
    );
  }
  return value;
}

/** An ERR_BAD_OPTION whose remedy is an example. */
export function badFlag(message: string, example: string): CulvertError {
  return new CulvertError('ERR_BAD_OPTION', message, { remedy: `example: ${example}` });
}
