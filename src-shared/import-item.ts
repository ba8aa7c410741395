/** What an import gives, wherever it comes from: drafts with remarks, or what is wrong and where. */
import * as z from 'zod';
import './schema.ts';
import { MAX_IMPORT_NOTES, MAX_PROFILES } from './limits.ts';
import { type ProfileDraft, profileDraftSchema } from './profile.ts';

export const IMPORT_SOURCES = ['link', 'goflyway', 'culvert', 'ssh', 'config', 'backup'] as const;
export const importSourceSchema = z.enum(IMPORT_SOURCES);
export type ImportSource = z.infer<typeof importSourceSchema>;

/** Remarks on how something was read and what was left out; words in i18n under `imports.notes`. */
export const NOTE_CODES = [
  /** An option, header or property that Culvert has no use for, or does otherwise. */
  'notCarried',
  /** The key is not in it: it has to be filled in. */
  'keyMissing',
  /** It refers to a file that is not read here. */
  'fileNotRead',
  /** goflyway binds every interface; here the rule is for this machine alone. */
  'boundToLoopback',
  /** The rule can be used by every machine of the network. */
  'exposed',
  /** ssh's own server is no Culvert server: one has to run there. Subject: the port that was assumed. */
  'portAssumed',
  /** goflyway's bare `-D`: the `-L` is a dynamic port. */
  'readAsDynamic',
  /** A reverse forward. */
  'reverseNotCarried',
  /** Another rule listens there already; it came in switched off. */
  'ruleOff',
  /** More than the cap; the rest was left out. */
  'tooMany',
  /** A link that leaves out the values of secret headers. */
  'headerSecretMissing',
] as const;
export const importNoteSchema = z.strictObject({
  code: z.enum(NOTE_CODES),
  /** What it is about, as given; never a secret. */
  subject: z.string().max(200),
});
export type ImportNote = z.infer<typeof importNoteSchema>;
export type NoteCode = ImportNote['code'];

export const importItemSchema = z.strictObject({
  source: importSourceSchema,
  /** Keys that came with it are in `secrets`. */
  draft: profileDraftSchema,
  notes: z.array(importNoteSchema).max(MAX_IMPORT_NOTES),
});
export type ImportItem = z.infer<typeof importItemSchema>;

/** What can be wrong; words and remedies in i18n under `imports.reasons`. */
export const IMPORT_REASONS = [
  'empty',
  'tooLong',
  'unknownFormat',
  // links
  'badLink',
  'linkCut',
  'linkNewer',
  // command lines
  'unclosedQuote',
  'unknownOption',
  'valueMissing',
  'serverMissing',
  'twoServers',
  'notAClient',
  'noForward',
  'badOptionValue',
  // files
  'badJson',
  'badProperty',
  'backupSealed',
  'backupNewer',
  'badBackup',
  // addresses and rules
  'hostMissing',
  'badHost',
  'portMissing',
  'badPort',
  'tooManyColons',
  'badScheme',
  'badPath',
  'userInUrl',
  'tooManyParts',
  'anyPortNeedsTarget',
  'badBind',
] as const;
export type ImportReason = (typeof IMPORT_REASONS)[number];

export const importErrorSchema = z.strictObject({
  reason: z.enum(IMPORT_REASONS),
  /** The wrong part as given, shortened; never a secret. Empty: the whole. */
  part: z.string().max(200),
  /** The line of the text, from 1. */
  line: z.int().min(1).optional(),
});
export type ImportError = z.infer<typeof importErrorSchema>;

export const importResultSchema = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true), items: z.array(importItemSchema).min(1).max(MAX_PROFILES) }),
  z.strictObject({ ok: z.literal(false), error: importErrorSchema }),
]);
export type ImportResult = z.infer<typeof importResultSchema>;

export function importFault(
  reason: ImportReason,
  part = '',
  line?: number,
): { ok: false; error: ImportError } {
  return { ok: false, error: { reason, part: shorten(part), ...(line !== undefined && { line }) } };
}

/** Collects remarks up to the cap, each once. */
export class Notes {
  readonly list: ImportNote[] = [];

  add(code: NoteCode, subject = ''): void {
    const note = { code, subject: shorten(subject) };
    const known = this.list.some((one) => one.code === code && one.subject === note.subject);
    if (!known && this.list.length < MAX_IMPORT_NOTES) this.list.push(note);
  }
}

/**
 * The item, checked by the schema: what the readers let through that a profile may not have (a control character
 * in a name, a header too long) ends here as an error that names the field.
 */
export function importItem(
  source: ImportSource,
  draft: ProfileDraft,
  notes: Notes,
): ImportItem | ImportError {
  const checked = profileDraftSchema.safeParse(draft);
  if (checked.success) return { source, draft: checked.data, notes: notes.list };
  const { path } = checked.error.issues[0];
  return { reason: 'badOptionValue', part: shorten(path.join('.')) };
}

/** At most 100 characters, without what would break a line, without keys and the passwords of URLs. */
export function shorten(text: string): string {
  const clean = text
    .slice(0, 400)
    .replace(/[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]+/gu, ' ')
    .replace(/cv1_[\w-]+/g, 'cv1_…')
    .replace(/[^\s/@]*:[^\s/@]*@/g, '…@');
  // Counted by code point: no pair is cut, and the schemas' 200 units hold any 100 of them.
  const characters = [...clean];
  return characters.length > 100 ? `${characters.slice(0, 99).join('')}…` : clean;
}
