/** Server profiles: schema, defaults, the draft an editor sends, and what the page sees of one. */
import * as z from 'zod';
import { hostSchema } from './address.ts';
import {
  MAX_CA,
  MAX_HEADER_NAME,
  MAX_HEADER_VALUE,
  MAX_HEADERS,
  MAX_HOST,
  MAX_RULES,
  MAX_USER_AGENT,
} from './limits.ts';
import { draftOfRule, ruleDraftSchema, ruleSchema } from './rules.ts';
import {
  countSchema,
  idSchema,
  KEEP,
  keyInfoSchema,
  nameSchema,
  secretChangeSchema,
  timeSchema,
} from './schema.ts';
import { printServer, proxySchema, serverAddressSchema } from './server-address.ts';

export const TRANSPORTS = ['auto', 'http', 'ws', 'kcp'] as const;
/** What is asked for. */
export const transportSchema = z.enum(TRANSPORTS);
export type Transport = z.infer<typeof transportSchema>;
/** What carries: never `auto`. */
export const carrierSchema = z.enum(['http', 'ws', 'kcp']);
export type CarrierName = z.infer<typeof carrierSchema>;

/** Headers that the carriers set; another value would break the request (the command line refuses the same). */
export const OWN_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-protocol',
  'sec-websocket-version',
]);

/** Headers whose values are secrets: not in a link without a key, not in a log, not in *Copy details*. */
const SECRET_HEADERS = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'x-api-key',
  'x-auth-token',
]);
export function isSecretHeader(name: string): boolean {
  return SECRET_HEADERS.has(name.toLowerCase());
}

/** RFC 9110 §5.1 and §5.5. Host and User-Agent have fields of their own. */
export const headerSchema = z.strictObject({
  name: z
    .string()
    .max(MAX_HEADER_NAME)
    .regex(/^[!#$%&'*+.^_`|~\w-]+$/)
    .refine((name) => !OWN_HEADERS.has(name.toLowerCase()), 'set by Culvert itself'),
  value: z
    .string()
    .max(MAX_HEADER_VALUE)
    .regex(/^[\t\u0020-\u007e\u0080-\u00ff]*$/),
});
export type Header = z.infer<typeof headerSchema>;

export const MIN_WRITE_BUFFER = 4_096;
export const MAX_WRITE_BUFFER = 1 << 30;
export const MAX_TIMEOUT_SECONDS = 86_400;

export const profileLimitsSchema = z.strictObject({
  /** `-W`: most bytes buffered per connection. */
  writeBufferBytes: z.int().min(MIN_WRITE_BUFFER).max(MAX_WRITE_BUFFER),
  /** `-T`: most bytes per second each way; 0: no limit. */
  throttleBytesPerSecond: countSchema.int(),
  /** `-t`: idle and dial timeout; 0: never closes; null: the engine's own (dial 20 s, idle never). */
  timeoutSeconds: z.int().min(0).max(MAX_TIMEOUT_SECONDS).nullable(),
});
export type ProfileLimits = z.infer<typeof profileLimitsSchema>;

const settings = {
  name: nameSchema,
  server: serverAddressSchema,
  transport: transportSchema,
  /** null: straight to the server. */
  proxy: proxySchema.nullable(),
  headers: z.array(headerSchema).max(MAX_HEADERS),
  /** The Host header; empty: the server's own name. */
  hostHeader: z
    .string()
    .max(MAX_HOST + 6)
    .regex(/^[\w.:[\]-]*$/),
  /** The name in the TLS handshake and the one that the certificate must have; empty: the server's own. */
  sni: z.union([z.literal(''), hostSchema]),
  /** Empty: that of a common browser. */
  userAgent: z
    .string()
    .max(MAX_USER_AGENT)
    .regex(/^[\u0020-\u007e]*$/),
  /** PEM certificates trusted beside the system's; empty: none. */
  ca: z
    .string()
    .max(MAX_CA)
    .refine((text) => text === '' || text.includes('-----BEGIN CERTIFICATE-----'), 'no PEM certificate'),
  limits: profileLimitsSchema,
  /** Connect when the host starts. */
  connectAtStart: z.boolean(),
};

/** As stored: without secrets, which are sealed apart under the profile's id. */
export const profileSchema = z.strictObject({
  id: idSchema,
  ...settings,
  rules: z.array(ruleSchema).max(MAX_RULES),
  createdAt: timeSchema,
  updatedAt: timeSchema,
  /** Counts up at each change; an update names the one it was made from. */
  revision: countSchema.int(),
});
export type Profile = z.infer<typeof profileSchema>;

/** As shown: with what may be known of its secrets. The row of the state's `profiles` table. */
export const profileViewSchema = profileSchema.extend({
  /** `try` is that of *Try it on this machine*: it is not stored, and cannot be edited or shared. */
  origin: z.enum(['user', 'try']),
  secrets: z.strictObject({
    key: keyInfoSchema,
    proxyPassword: z.boolean(),
    /** The dynamic rules for which a password is kept. */
    ruleAuth: z.array(idSchema).max(MAX_RULES),
  }),
});
export type ProfileView = z.infer<typeof profileViewSchema>;

/** What an editor or an import sends. For a new profile `keep` means none. */
export const profileDraftSchema = z.strictObject({
  ...settings,
  rules: z.array(ruleDraftSchema).max(MAX_RULES),
  secrets: z.strictObject({ key: secretChangeSchema, proxyPassword: secretChangeSchema }),
});
export type ProfileDraft = z.infer<typeof profileDraftSchema>;

export const DEFAULT_LIMITS: ProfileLimits = {
  writeBufferBytes: 1 << 20,
  throttleBytesPerSecond: 0,
  timeoutSeconds: null,
};

/** A draft with defaults for what is not given. Without `server` it is not valid yet: the host is empty. */
export function newDraft(given: Partial<ProfileDraft> = {}): ProfileDraft {
  return {
    name: '',
    server: { scheme: 'http', host: '', port: 80, path: '/' },
    transport: 'auto',
    proxy: null,
    headers: [],
    hostHeader: '',
    sni: '',
    userAgent: '',
    ca: '',
    limits: { ...DEFAULT_LIMITS },
    connectAtStart: false,
    rules: [],
    secrets: { key: KEEP, proxyPassword: KEEP },
    ...given,
  };
}

/** What the editor of a profile starts from: every secret kept. */
export function draftOf(profile: Profile | ProfileView): ProfileDraft {
  const { name, server, transport, proxy, headers, hostHeader, sni, userAgent, ca, limits, connectAtStart } =
    profile;
  return {
    ...{ name, server, transport, proxy, headers, hostHeader, sni, userAgent, ca, limits, connectAtStart },
    rules: profile.rules.map(draftOfRule),
    secrets: { key: KEEP, proxyPassword: KEEP },
  };
}

/** What to call a profile: its name, else its server's host. */
export function profileTitle(profile: Pick<Profile, 'name' | 'server'>): string {
  return profile.name || profile.server.host || printServer(profile.server);
}
