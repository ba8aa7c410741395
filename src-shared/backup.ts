/**
 * The file of *Back up*: everything of a host, plain or sealed by a passphrase. Sealing itself is the host's; what
 * is sealed is the JSON text of `plainSchema`.
 */
import * as z from 'zod';
import { serverConfigSchema } from './embedded-server.ts';
import { type ImportItem, type ImportResult, importFault, Notes } from './import-item.ts';
import { MAX_BACKUP_TEXT, MAX_PROFILES, MAX_RULES_TOTAL } from './limits.ts';
import { draftOf, profileSchema } from './profile.ts';
import { idSchema, keyTextSchema, type SecretChange, timeSchema } from './schema.ts';
import { settingsSchema } from './settings.ts';

export const BACKUP_FORMAT = 'culvert-backup';
export const BACKUP_VERSION = 1;

/** The secrets of one profile, where the backup was made with them. */
export const backupSecretsSchema = z.strictObject({
  key: keyTextSchema.nullable(),
  proxyPassword: keyTextSchema.nullable(),
  ruleAuth: z.record(idSchema, keyTextSchema),
});
export type BackupSecrets = z.infer<typeof backupSecretsSchema>;

export const plainSchema = z.strictObject({
  /** In the order in which they are listed. */
  profiles: z
    .array(z.strictObject({ profile: profileSchema, secrets: backupSecretsSchema.nullable() }))
    .max(MAX_PROFILES)
    .refine(
      (list) => list.reduce((sum, { profile }) => sum + profile.rules.length, 0) <= MAX_RULES_TOTAL,
      'too many rules',
    ),
  settings: settingsSchema.nullable(),
  server: z.strictObject({ config: serverConfigSchema, key: keyTextSchema.nullable() }).nullable(),
});
export type Plain = z.infer<typeof plainSchema>;

const binary = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[\w-]+$/);

/** scrypt (RFC 7914) and AES-256-GCM; `data` ends in the tag. Bounds, so that no file asks for all the memory. */
export const sealedSchema = z.strictObject({
  kdf: z.literal('scrypt'),
  n: z
    .int()
    .min(16_384)
    .max(1 << 20),
  r: z.int().min(8).max(16),
  p: z.int().min(1).max(4),
  salt: binary(128),
  cipher: z.literal('aes-256-gcm'),
  nonce: binary(32),
  data: binary(MAX_BACKUP_TEXT),
});
export type Sealed = z.infer<typeof sealedSchema>;

const head = {
  format: z.literal(BACKUP_FORMAT),
  version: z.literal(BACKUP_VERSION),
  createdAt: timeSchema,
  /** The version of Culvert that made it. */
  culvert: z.string().max(64),
};
export const backupSchema = z.union([
  z.strictObject({ ...head, plain: plainSchema }),
  z.strictObject({ ...head, sealed: sealedSchema }),
]);
export type Backup = z.infer<typeof backupSchema>;

export type BackupRead = { readonly ok: true; readonly backup: Backup } | ReturnType<typeof importFault>;

/** Whether a parsed JSON value is meant as a backup, well-formed or not. */
export function isBackup(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'format' in value && value.format === BACKUP_FORMAT;
}

/** Reads a backup file; never throws. A sealed one is given back sealed. */
export function parseBackup(text: string): BackupRead {
  if (text.length > MAX_BACKUP_TEXT) return importFault('tooLong');
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return importFault('badJson');
  }
  return checkBackup(value);
}

export function checkBackup(value: unknown): BackupRead {
  if (!isBackup(value)) return importFault('badBackup');
  const { version } = value as { version?: unknown };
  if (typeof version === 'number' && version > BACKUP_VERSION)
    return importFault('backupNewer', String(version));
  const backup = backupSchema.safeParse(value);
  if (backup.success) return { ok: true, backup: backup.data };
  return importFault('badBackup', faultPath(backup.error));
}

export function printBackup(backup: Backup): string {
  return `${JSON.stringify(backup, undefined, 1)}\n`;
}

/** The profiles of a plain backup as an import sees them: new ones, with their secrets where they are in it. */
export function importBackup(backup: Backup): ImportResult {
  if ('sealed' in backup) return importFault('backupSealed');
  const items = backup.plain.profiles.map(({ profile, secrets }): ImportItem => {
    const notes = new Notes();
    if (secrets?.key == null) notes.add('keyMissing');
    const draft = draftOf(profile);
    draft.secrets = { key: change(secrets?.key), proxyPassword: change(secrets?.proxyPassword) };
    draft.rules = draft.rules.map((rule) => {
      // An id of another host means nothing here.
      const { id, ...rest } = rule;
      if (rest.kind !== 'dynamic' || rest.auth === null) return rest;
      const given = id !== undefined && secrets !== null && Object.hasOwn(secrets.ruleAuth, id);
      return { ...rest, auth: { ...rest.auth, password: change(given ? secrets.ruleAuth[id] : undefined) } };
    });
    return { source: 'backup', draft, notes: notes.list };
  });
  return items.length === 0 ? importFault('empty') : { ok: true, items };
}

function change(text: string | null | undefined): SecretChange {
  return text == null ? { kind: 'keep' } : { kind: 'set', text };
}

/** Where the deepest issue is: a union reports its members' issues, of which the longest path says most. */
function faultPath(error: z.ZodError): string {
  let longest: readonly PropertyKey[] = [];
  const visit = (issues: readonly z.core.$ZodIssue[], prefix: readonly PropertyKey[]): void => {
    for (const issue of issues) {
      const path = [...prefix, ...issue.path];
      if (path.length > longest.length) longest = path;
      if (issue.code === 'invalid_union') for (const inner of issue.errors) visit(inner, path);
    }
  };
  visit(error.issues, []);
  return longest.map(String).join('.');
}
