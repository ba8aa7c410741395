/**
 * Everything the page shows but for what moves (figures, connections, log lines, which have streams of their own).
 * The host sends it once, then changes it by patches (patch.ts).
 */
import * as z from 'zod';
import { DEFAULT_SERVER_CONFIG, serverViewSchema } from './embedded-server.ts';
import { failureSchema } from './errors.ts';
import { MAX_NOTICES, MAX_PROFILES } from './limits.ts';
import { profileViewSchema } from './profile.ts';
import { idSchema, timeSchema } from './schema.ts';
import { DEFAULT_SETTINGS, settingsSchema } from './settings.ts';
import { profileStatusSchema } from './status.ts';

/** What this host can do. The page hides what it cannot. */
export const capabilitiesSchema = z.strictObject({
  /** Start with the user's session. */
  startAtLogin: z.boolean(),
  startHidden: z.boolean(),
  /** Notifications of the system. */
  notifications: z.boolean(),
  /** Look for and install updates. */
  updates: z.boolean(),
  /** There is a tray icon, so that closing the window leaves something to click at. */
  tray: z.boolean(),
  /** Open the system's clock settings. */
  clockSettings: z.boolean(),
  /** A key combination that holds in every program. */
  shortcut: z.boolean(),
  /** Make a dynamic rule the proxy of the system. */
  systemProxy: z.boolean(),
  /** Name the process that holds a port. */
  portOwner: z.boolean(),
  /** Transports and rules that this engine has. */
  kcp: z.boolean(),
  udpRules: z.boolean(),
});
export type Capabilities = z.infer<typeof capabilitiesSchema>;

export const hostInfoSchema = z.strictObject({
  kind: z.enum(['desktop', 'headless']),
  version: z.string().max(64),
  /** `process.platform` and Node's version, for *Copy details*. */
  platform: z.string().max(64),
  runtime: z.string().max(64),
  /** The host's clock when the snapshot was made: the page shows ages by the difference to its own. */
  time: timeSchema,
  capabilities: capabilitiesSchema,
});
export type HostInfo = z.infer<typeof hostInfoSchema>;

/** How secrets are kept at rest. */
export const secretsSchema = z.strictObject({
  /** `system`: the keyring; `passphrase`: sealed by one; `file`: a file that only this user can read. */
  store: z.enum(['system', 'passphrase', 'file']),
  /** Which of them this host offers. */
  offers: z.array(z.enum(['system', 'passphrase', 'file'])).max(3),
  /** A person must choose first: there is no keyring, and nothing was chosen yet. */
  mustChoose: z.boolean(),
  /** Sealed by a passphrase that was not given yet. */
  locked: z.boolean(),
});
export type SecretsView = z.infer<typeof secretsSchema>;

export const updateSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('idle'), checkedAt: timeSchema.nullable() }),
  z.strictObject({ kind: z.literal('checking') }),
  z.strictObject({ kind: z.literal('available'), version: z.string().max(64) }),
  z.strictObject({
    kind: z.literal('loading'),
    version: z.string().max(64),
    percent: z.number().min(0).max(100),
  }),
  z.strictObject({ kind: z.literal('ready'), version: z.string().max(64) }),
  z.strictObject({ kind: z.literal('failed'), failure: failureSchema }),
]);
export type UpdateState = z.infer<typeof updateSchema>;

/** *Try it on this machine*: embedded server, target and forward on loopback. */
export const tryItSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('off') }),
  z.strictObject({ kind: z.literal('starting') }),
  z.strictObject({
    kind: z.literal('on'),
    profileId: idSchema,
    /** What to open or `curl`: it goes through the tunnel. */
    url: z.string().max(256),
    since: timeSchema,
  }),
  z.strictObject({ kind: z.literal('failed'), failure: failureSchema }),
]);

/** Something a person should know, until it is dismissed. Words are in i18n under `notices`. */
export const noticeSchema = z.strictObject({
  id: idSchema,
  kind: z.enum(['storeBroken', 'storeRestored', 'secretsLost', 'engineRestarted', 'clockOff', 'updated']),
  at: timeSchema,
  failure: failureSchema.nullable(),
});
export type Notice = z.infer<typeof noticeSchema>;

/** Tables are records by id: every row has one. */
export const TABLES = ['profiles', 'statuses', 'notices'] as const;
export type TableName = (typeof TABLES)[number];

const capped = <T extends z.ZodType>(row: T, most: number) =>
  z.record(idSchema, row).refine((table) => Object.keys(table).length <= most, 'too many rows');

export const appStateSchema = z.strictObject({
  host: hostInfoSchema,
  network: z.enum(['online', 'offline', 'unknown']),
  settings: settingsSchema,
  secrets: secretsSchema,
  server: serverViewSchema,
  tryIt: tryItSchema,
  update: updateSchema,
  /** The profiles' ids in the order in which they are listed. */
  order: z.array(idSchema).max(MAX_PROFILES + 1),
  // One more for *Try it*.
  profiles: capped(profileViewSchema, MAX_PROFILES + 1),
  statuses: capped(profileStatusSchema, MAX_PROFILES + 1),
  notices: capped(noticeSchema, MAX_NOTICES),
});
export type AppState = z.infer<typeof appStateSchema>;

/** A state before anything was read: for the host to fill, and for tests. */
export function emptyState(host: HostInfo): AppState {
  return {
    host,
    network: 'unknown',
    settings: { ...DEFAULT_SETTINGS },
    secrets: { store: 'file', offers: ['file'], mustChoose: false, locked: false },
    server: {
      config: DEFAULT_SERVER_CONFIG,
      state: { kind: 'stopped' },
      key: { kind: 'none' },
      addresses: [],
    },
    tryIt: { kind: 'off' },
    update: { kind: 'idle', checkedAt: null },
    order: [],
    profiles: {},
    statuses: {},
    notices: {},
  };
}
