/**
 * Share links: `culvert://v1/` and, in base64url, a JSON object of short names. Everything of a profile but whether
 * it connects at start; secrets only when asked for. What has its default is left out, so that it fits a QR code.
 */
import * as z from 'zod';
import { decodeText, encodeText } from './base64url.ts';
import { type ImportResult, importFault, importItem, Notes } from './import-item.ts';
import { MAX_CREDENTIAL, MAX_HEADERS, MAX_LINK, MAX_RULES } from './limits.ts';
import { DEFAULT_LIMITS, isSecretHeader, newDraft, type ProfileDraft, transportSchema } from './profile.ts';
import { collide, isExposed, parseDynamicRule, parseLocalRule, printRule, type RuleDraft } from './rules.ts';
import { KEEP, keyTextSchema, nameSchema, type SecretChange } from './schema.ts';
import { parseProxy, parseServer, printProxy, printServer } from './server-address.ts';

const VERSION = 1;
const text = z.string();
const credential = text.min(1).max(MAX_CREDENTIAL);

const payloadSchema = z.strictObject({
  /** Name. */
  n: nameSchema.optional(),
  /** Server, as `printServer` gives it. */
  s: text,
  t: transportSchema.optional(),
  /** Key. */
  k: keyTextSchema.optional(),
  /** Proxy, and its password. */
  p: text.optional(),
  w: keyTextSchema.optional(),
  /** Headers; null: the value is a secret that was left out. */
  h: z
    .array(z.tuple([text, text.nullable()]))
    .max(MAX_HEADERS)
    .optional(),
  /** Host header, SNI, user agent, CA. */
  o: text.optional(),
  i: text.optional(),
  u: text.optional(),
  c: text.optional(),
  /** `-W`, `-T`, `-t`. */
  l: z.tuple([z.number(), z.number(), z.number().nullable()]).optional(),
  /** Rules: `L` or `D`, its text, and what else there is of name, off, user and password. */
  r: z
    .array(
      z.strictObject({
        L: text.optional(),
        D: text.optional(),
        n: nameSchema.optional(),
        off: z.literal(1).optional(),
        u: credential.optional(),
        w: keyTextSchema.optional(),
      }),
    )
    .max(MAX_RULES)
    .optional(),
});
type Payload = z.infer<typeof payloadSchema>;

export interface LinkOptions {
  /** The key and every other secret that the draft holds as `set`. */
  readonly withKey: boolean;
  readonly withRules: boolean;
}

/** The link of a draft whose server is complete. Secrets that are not `set` in the draft cannot be in it. */
export function printLink(draft: ProfileDraft, options: LinkOptions): string {
  const secret = (change: SecretChange) =>
    options.withKey && change.kind === 'set' ? change.text : undefined;
  const { limits } = draft;
  const sameLimits = Object.entries(DEFAULT_LIMITS).every(
    ([name, value]) => limits[name as keyof typeof limits] === value,
  );
  const payload: Payload = {
    n: draft.name || undefined,
    s: printServer(draft.server),
    t: draft.transport === 'auto' ? undefined : draft.transport,
    k: secret(draft.secrets.key),
    p: draft.proxy === null ? undefined : printProxy(draft.proxy),
    w: draft.proxy === null ? undefined : secret(draft.secrets.proxyPassword),
    h:
      draft.headers.length === 0
        ? undefined
        : draft.headers.map(({ name, value }) => [
            name,
            options.withKey || !isSecretHeader(name) ? value : null,
          ]),
    o: draft.hostHeader || undefined,
    i: draft.sni || undefined,
    u: draft.userAgent || undefined,
    c: draft.ca || undefined,
    l: sameLimits
      ? undefined
      : [limits.writeBufferBytes, limits.throttleBytesPerSecond, limits.timeoutSeconds],
    r:
      options.withRules && draft.rules.length > 0
        ? draft.rules.map((rule) => ({
            [rule.kind === 'dynamic' ? 'D' : 'L']: printRule(rule),
            n: rule.name || undefined,
            off: rule.enabled ? undefined : (1 as const),
            ...(rule.kind === 'dynamic' &&
              rule.auth !== null && { u: rule.auth.user, w: secret(rule.auth.password) }),
          }))
        : undefined,
  };
  return `culvert://v${VERSION}/${encodeText(JSON.stringify(payload))}`;
}

/** Whether text is meant as a share link, well-formed or not. */
export function isLink(given: string): boolean {
  return /^\s*culvert:\/\//i.test(given);
}

/** The profile in a link; never throws. Mail programs break long lines: white space within is ignored. */
export function parseLink(given: string): ImportResult {
  if (given.length > MAX_LINK) return importFault('tooLong');
  const match = /^culvert:\/\/v(\d{1,4})\/([\w-]*)\/?$/i.exec(given.replace(/\s+/g, ''));
  if (match === null) return importFault('badLink');
  if (Number(match[1]) > VERSION) return importFault('linkNewer', `v${match[1]}`);
  if (Number(match[1]) !== VERSION) return importFault('badLink', `v${match[1]}`);
  const json = decodeText(match[2]);
  // What was cut while copying no longer ends where a group, a character or the object ends.
  const value = json === undefined ? undefined : readJson(json);
  if (value === undefined) return importFault('linkCut');
  const payload = payloadSchema.safeParse(value);
  if (!payload.success) return importFault('badLink', payload.error.issues[0].path.join('.'));
  return draftOf(payload.data);
}

function draftOf(payload: Payload): ImportResult {
  const notes = new Notes();
  const server = parseServer(payload.s);
  if (!server.ok) return importFault(server.reason, server.part);
  const proxy = payload.p === undefined ? undefined : parseProxy(payload.p);
  if (proxy !== undefined && !proxy.ok) return importFault(proxy.reason, proxy.part);
  const rules: RuleDraft[] = [];
  for (const { L, D, n, off, u, w } of payload.r ?? []) {
    const rule = L !== undefined ? parseLocalRule(L) : parseDynamicRule(D ?? '');
    if (!rule.ok) return importFault(rule.reason, rule.part);
    const auth = u === undefined ? null : { user: u, password: changeOf(w) };
    const draft = { ...rule.value, name: n ?? '', enabled: off !== 1 };
    if (draft.kind === 'dynamic') draft.auth = auth;
    // A link is from somebody else: what it opens to the network is told.
    if (isExposed(draft)) notes.add('exposed', printRule(draft));
    if (draft.enabled && rules.some((other) => other.enabled && collide(other, draft))) {
      draft.enabled = false;
      notes.add('ruleOff', printRule(draft));
    }
    rules.push(draft);
  }
  for (const [name, value] of payload.h ?? []) if (value === null) notes.add('headerSecretMissing', name);
  if (payload.k === undefined) notes.add('keyMissing');
  const [writeBufferBytes, throttleBytesPerSecond, timeoutSeconds] = payload.l ?? [];
  const draft = newDraft({
    name: payload.n ?? '',
    server: server.value,
    transport: payload.t ?? 'auto',
    proxy: proxy?.value.proxy ?? null,
    headers: (payload.h ?? []).flatMap(([name, value]) => (value === null ? [] : [{ name, value }])),
    hostHeader: payload.o ?? '',
    sni: payload.i ?? '',
    userAgent: payload.u ?? '',
    ca: payload.c ?? '',
    rules,
    secrets: { key: changeOf(payload.k), proxyPassword: changeOf(payload.w) },
  });
  if (writeBufferBytes !== undefined && throttleBytesPerSecond !== undefined) {
    draft.limits = { writeBufferBytes, throttleBytesPerSecond, timeoutSeconds: timeoutSeconds ?? null };
  }
  const item = importItem('link', draft, notes);
  return 'reason' in item
    ? { ok: false, error: { ...item, reason: 'badLink' } }
    : { ok: true, items: [item] };
}

function changeOf(secret: string | undefined): SecretChange {
  return secret === undefined ? KEEP : { kind: 'set', text: secret };
}

function readJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
