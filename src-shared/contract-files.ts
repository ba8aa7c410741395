/** Share, import, backup, restore. The page opens and saves files itself: only their text crosses. */
import * as z from 'zod';
import { call, undoSchema } from './contract-base.ts';
import { importErrorSchema, importItemSchema } from './import-item.ts';
import { MAX_BACKUP_TEXT, MAX_IMPORT_TEXT, MAX_LINK, MAX_PROFILES } from './limits.ts';
import { profileDraftSchema } from './profile.ts';
import { countSchema, idSchema, keyTextSchema, nameSchema, timeSchema } from './schema.ts';

export const shareContract = {
  /** The link of one profile. Passwords of proxy and rules go with the key or not at all. */
  link: call
    .input(z.strictObject({ id: idSchema, withKey: z.boolean(), withRules: z.boolean() }))
    .output(z.strictObject({ link: z.string().max(MAX_LINK), hasKey: z.boolean(), rules: countSchema })),
};

/** What would happen to one thing that is imported or restored. */
export const planSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('add') }),
  /** The same server is there, with other values: the fields that differ, by their names in a draft. */
  z.strictObject({
    kind: z.literal('differs'),
    id: idSchema,
    name: nameSchema,
    fields: z.array(z.string().max(64)).max(32),
  }),
  /** It is there already, just so. */
  z.strictObject({ kind: z.literal('same'), id: idSchema, name: nameSchema }),
]);
export type Plan = z.infer<typeof planSchema>;

export const importPreviewSchema = z.discriminatedUnion('ok', [
  z.strictObject({
    ok: z.literal(true),
    items: z
      .array(importItemSchema.extend({ plan: planSchema }))
      .min(1)
      .max(MAX_PROFILES),
  }),
  z.strictObject({ ok: z.literal(false), error: importErrorSchema }),
]);
export type ImportPreview = z.infer<typeof importPreviewSchema>;

export const importsContract = {
  /** Reads a link, command lines or a file (import.ts) and says what it would change. Changes nothing. */
  preview: call.input(z.strictObject({ text: z.string().max(MAX_IMPORT_TEXT) })).output(importPreviewSchema),
  /** Saves what was chosen, all or nothing. `replace` keeps the id and what the draft says to keep. */
  apply: call
    .input(
      z.strictObject({
        items: z
          .array(z.strictObject({ draft: profileDraftSchema, replace: idSchema.nullable() }))
          .min(1)
          .max(MAX_PROFILES),
      }),
    )
    .output(z.strictObject({ ids: z.array(idSchema).max(MAX_PROFILES), undo: undoSchema })),
};

const passphrase = keyTextSchema.nullable();
const content = z.string().max(MAX_BACKUP_TEXT);

/** What a backup holds and what a restore would do. */
export const backupPreviewSchema = z.discriminatedUnion('kind', [
  /** It is sealed: ask for the passphrase. `wrong`: the one given does not open it. */
  z.strictObject({ kind: z.literal('sealed'), wrong: z.boolean() }),
  z.strictObject({
    kind: z.literal('ready'),
    createdAt: timeSchema,
    version: z.string().max(64),
    hasKeys: z.boolean(),
    hasSettings: z.boolean(),
    hasServer: z.boolean(),
    profiles: z.array(z.strictObject({ name: nameSchema, plan: planSchema })).max(MAX_PROFILES),
  }),
  z.strictObject({ kind: z.literal('bad'), error: importErrorSchema }),
]);
export type BackupPreview = z.infer<typeof backupPreviewSchema>;

export const backupContract = {
  /** Everything of this host; a passphrase seals it. Keys in an unsealed file are a choice of their own. */
  create: call
    .input(z.strictObject({ withKeys: z.boolean(), passphrase }))
    .output(z.strictObject({ fileName: z.string().max(128), content })),
  preview: call.input(z.strictObject({ content, passphrase })).output(backupPreviewSchema),
  /**
   * `merge` adds profiles and replaces those with the same id; `replace` removes all others first. ERR_BAD_BACKUP
   * or ERR_BAD_PASSPHRASE when the preview would have said so.
   */
  restore: call
    .input(
      z.strictObject({
        content,
        passphrase,
        mode: z.enum(['merge', 'replace']),
        settings: z.boolean(),
        server: z.boolean(),
      }),
    )
    .output(z.strictObject({ profiles: countSchema, undo: undoSchema })),
};
