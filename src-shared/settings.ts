/** The settings of one host: schema, defaults, and reading what an older or newer version wrote. */
import * as z from 'zod';
import { idSchema } from './schema.ts';

export const LANGUAGES = ['en', 'zh-CN'] as const;
export type Language = (typeof LANGUAGES)[number];
export const GRAPH_WINDOWS = ['1m', '15m', '1h'] as const;
export const graphWindowSchema = z.enum(GRAPH_WINDOWS);
export type GraphWindow = z.infer<typeof graphWindowSchema>;
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const;
export const logLevelSchema = z.enum(LOG_LEVELS);
export type LogLevel = z.infer<typeof logLevelSchema>;

/** Modifiers and one key. A key without a modifier would be taken from every program. */
const SHORTCUT =
  /^(?:(?:(?:CommandOrControl|Ctrl|Alt|Option|Shift|Super|Cmd)\+){1,4}(?:[A-Z0-9]|F[1-9]|F1[0-9]|F2[0-4]))?$/;

const fields = {
  /** `system` follows the browser's or the system's languages; what is neither is English. */
  language: z.enum(['system', ...LANGUAGES]),
  theme: z.enum(['system', 'light', 'dark']),
  /** Start with the session of the user (desktop). */
  startAtLogin: z.boolean(),
  /** Start without a window (desktop). */
  startHidden: z.boolean(),
  notifications: z.enum(['all', 'problems', 'none']),
  /** `auto` loads and installs at quit, `ask` only tells, `off` never looks. */
  updates: z.enum(['auto', 'ask', 'off']),
  graphWindow: graphWindowSchema,
  /** What the host writes to its log. */
  logLevel: logLevelSchema,
  /** Keys that show the window from wherever one is (desktop), as Electron writes them: `Ctrl+Alt+C`. Empty: none. */
  shortcut: z.string().max(64).regex(SHORTCUT),
  /** The dynamic rule that is the system's proxy while it listens (desktop); null: none is. */
  systemProxy: z.strictObject({ profileId: idSchema, ruleId: idSchema }).nullable(),
};

export const settingsSchema = z.strictObject(fields);
export type Settings = z.infer<typeof settingsSchema>;

/** What a change may hold: any of the fields, and no other. */
export const settingsChangeSchema = settingsSchema.partial();
export type SettingsChange = z.infer<typeof settingsChangeSchema>;

export const DEFAULT_SETTINGS: Settings = {
  language: 'system',
  theme: 'system',
  startAtLogin: false,
  startHidden: false,
  notifications: 'problems',
  updates: 'ask',
  graphWindow: '1m',
  logLevel: 'info',
  shortcut: '',
  systemProxy: null,
};

/**
 * Settings from a file: fields that are missing or wrong get their default and are named in `faults`, so that one
 * bad word does not lose the rest; unknown fields (of a later version) are dropped. Never throws.
 */
export function parseSettings(value: unknown): { settings: Settings; faults: readonly string[] } {
  const given: Record<string, unknown> = typeof value === 'object' && value !== null ? { ...value } : {};
  const faults: string[] = [];
  const settings: Record<string, unknown> = { ...DEFAULT_SETTINGS };
  for (const [name, schema] of Object.entries(fields)) {
    if (!Object.hasOwn(given, name)) continue;
    const field = schema.safeParse(given[name]);
    if (field.success) settings[name] = field.data;
    else faults.push(name);
  }
  return { settings: settingsSchema.parse(settings), faults };
}

/** The language to use: what is chosen, else the first preferred one that there is, else English. */
export function chooseLanguage(choice: Settings['language'], preferred: readonly string[]): Language {
  if (choice !== 'system') return choice;
  for (const tag of preferred) {
    const word = tag.toLowerCase().split('-')[0];
    // Only Simplified Chinese is there; readers of Traditional read it more easily than English.
    if (word === 'zh') return 'zh-CN';
    if (word === 'en') return 'en';
  }
  return 'en';
}
