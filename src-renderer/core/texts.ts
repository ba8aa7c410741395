/** The words of the page in one language: looked up by a typed key, with figures filled in. Pure. */
import type { DurationUnits } from '../../src-shared/format.ts';
import { formatDuration } from '../../src-shared/format.ts';
import { en, type Messages } from '../../src-shared/i18n/messages.ts';
import type { Language } from '../../src-shared/settings.ts';

type Leaf<T, Prefix extends string = ''> = {
  [K in keyof T & string]: T[K] extends string ? `${Prefix}${K}` : Leaf<T[K], `${Prefix}${K}.`>;
}[keyof T & string];
type Plain<K extends string> = K extends `${infer Stem}_one` | `${infer Stem}_other` ? Stem : K;

/** `home.title`; of plural forms the name without `_one` and `_other`. */
export type TextKey = Plain<Leaf<typeof en>>;
export type Values = Readonly<Record<string, string | number>>;

export interface Texts {
  (key: TextKey, values?: Values): string;
  readonly language: Language;
  /** A length of time in this language's units. */
  readonly duration: (ms: number) => string;
  /** A time of day, and a day with its time, by the language's customs. */
  readonly clock: (at: number) => string;
  readonly moment: (at: number) => string;
}

/** The function that gives the texts of a language. A key that is not there, which types rule out, shows itself. */
export function textsOf(language: Language, messages: Messages = en): Texts {
  const plural = new Intl.PluralRules(language);
  const clock = new Intl.DateTimeFormat(language, { timeStyle: 'medium', hourCycle: 'h23' });
  const moment = new Intl.DateTimeFormat(language, {
    dateStyle: 'medium',
    timeStyle: 'short',
    hourCycle: 'h23',
  });
  const units: DurationUnits = messages.units;
  const text = (key: TextKey, values: Values = {}) => {
    const { count } = values;
    const form = typeof count === 'number' ? find(messages, `${key}_${plural.select(count)}`) : undefined;
    const found = form ?? find(messages, `${key}_other`) ?? find(messages, key) ?? key;
    return found.replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name] ?? ''));
  };
  return Object.assign(text, {
    language,
    duration: (ms: number) => formatDuration(ms, units),
    clock: (at: number) => clock.format(at),
    moment: (at: number) => moment.format(at),
  });
}

function find(messages: unknown, path: string): string | undefined {
  let at = messages;
  for (const name of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return typeof at === 'string' ? at : undefined;
}
