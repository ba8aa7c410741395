/** Rules: the forwards under a profile. Schema, defaults, and the text form that the command line has for them. */
import * as z from 'zod';
import {
  type AddressReason,
  bindHostSchema,
  hostSchema,
  isLoopback,
  parseHost,
  parsePort,
  printHostPort,
  splitColons,
} from './address.ts';
import { MAX_CREDENTIAL } from './limits.ts';
import {
  idSchema,
  KEEP,
  listenPortSchema,
  nameSchema,
  type Parsed,
  portSchema,
  secretChangeSchema,
} from './schema.ts';

/** Unlike ssh's `*`: a forward is for its own machine unless it says otherwise. */
export const LOOPBACK = '127.0.0.1';

export const bindSchema = z.strictObject({ host: bindHostSchema, port: listenPortSchema });
export type Bind = z.infer<typeof bindSchema>;

/** Where a rule leads, as the server sees it. An empty host is the server itself. */
export const targetSchema = z.strictObject({ host: z.union([z.literal(''), hostSchema]), port: portSchema });
export type Target = z.infer<typeof targetSchema>;

const base = { id: idSchema, name: nameSchema, enabled: z.boolean(), bind: bindSchema };
const userSchema = z.string().min(1).max(MAX_CREDENTIAL);

/** As stored and shown. The password of `auth` is sealed apart; `ProfileView.secrets.ruleAuth` tells if there is one. */
export const ruleSchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...base, kind: z.literal('static'), target: targetSchema }),
  z.strictObject({ ...base, kind: z.literal('udp'), target: targetSchema }),
  z.strictObject({
    ...base,
    kind: z.literal('dynamic'),
    /** What programs that use the port must give; null: nothing. */
    auth: z.strictObject({ user: userSchema }).nullable(),
  }),
]);
export type Rule = z.infer<typeof ruleSchema>;
export type RuleKind = Rule['kind'];

// A draft's id is that of the rule it replaces; without one the rule is new.
const draftBase = { ...base, id: idSchema.optional() };

/** A rule as the editor sends it. */
export const ruleDraftSchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...draftBase, kind: z.literal('static'), target: targetSchema }),
  z.strictObject({ ...draftBase, kind: z.literal('udp'), target: targetSchema }),
  z.strictObject({
    ...draftBase,
    kind: z.literal('dynamic'),
    auth: z.strictObject({ user: userSchema, password: secretChangeSchema }).nullable(),
  }),
]);
export type RuleDraft = z.infer<typeof ruleDraftSchema>;

export function defaultRule(kind: RuleKind): RuleDraft {
  const common = { name: '', enabled: true };
  switch (kind) {
    case 'static':
    case 'udp':
      return { ...common, kind, bind: { host: LOOPBACK, port: 8080 }, target: { host: '', port: 80 } };
    case 'dynamic':
      return { ...common, kind, bind: { host: LOOPBACK, port: 1080 }, auth: null };
  }
}

/** What the editor starts from: nothing secret in it, passwords kept. */
export function draftOfRule(rule: Rule): RuleDraft {
  if (rule.kind !== 'dynamic') return rule;
  return { ...rule, auth: rule.auth && { user: rule.auth.user, password: KEEP } };
}

/** Which kind of port a rule listens at: TCP and UDP may have the same number. */
export function ruleProtocol(rule: { kind: RuleKind }): 'tcp' | 'udp' {
  return rule.kind === 'udp' ? 'udp' : 'tcp';
}

/** Whether others than this machine can use the rule. */
export function isExposed(rule: { bind: Bind }): boolean {
  return !isLoopback(rule.bind.host);
}

/** Whether two rules cannot listen at the same time. Port 0 never collides. */
export function collide(a: RuleDraft | Rule, b: RuleDraft | Rule): boolean {
  if (a.bind.port === 0 || a.bind.port !== b.bind.port || ruleProtocol(a) !== ruleProtocol(b)) return false;
  return a.bind.host === b.bind.host || a.bind.host === '*' || b.bind.host === '*';
}

export type RuleReason = AddressReason | 'tooManyParts' | 'anyPortNeedsTarget' | 'badBind';

/** The text that `-L` (static and udp) or `-D` (dynamic) takes. Name, switch and password are not in it. */
export function printRule(rule: RuleDraft | Rule): string {
  const { host, port } = rule.bind;
  const bind = host === LOOPBACK ? `${port}` : printHostPort(host, port);
  if (rule.kind === 'dynamic') return bind;
  const target = printHostPort(rule.target.host, rule.target.port);
  return `${bind}:${target}${rule.kind === 'udp' ? '/udp' : ''}`;
}

/** How the text of a forward is read where ssh and Culvert differ. */
export interface RuleReading {
  /** What no bind address means, and what an empty one means. */
  readonly noBind: string;
  readonly emptyBind: string;
}
const CULVERT_READING: RuleReading = { noBind: LOOPBACK, emptyBind: LOOPBACK };

/** `-L`: `port`, `bind:port`, `port:host:hostport`, `bind:port:host:hostport`, each with an optional `/udp` behind. */
export function parseLocalRule(
  text: string,
  reading: RuleReading = CULVERT_READING,
): Parsed<RuleDraft, RuleReason> {
  const kind = /\/udp$/i.test(text) ? 'udp' : 'static';
  const parts = splitColons(text.replace(/\/(?:udp|tcp)$/i, ''));
  if (parts.length > 4) return { ok: false, reason: 'tooManyParts', part: text };
  const withBind = parts.length % 2 === 0;
  const bind = parseBind(withBind ? parts[0] : undefined, parts[withBind ? 1 : 0], reading);
  if (!bind.ok) return { ...bind, part: text };
  const common = { kind, name: '', enabled: true, bind: bind.value } as const;
  if (parts.length <= 2) {
    if (bind.value.port === 0) return { ok: false, reason: 'anyPortNeedsTarget', part: text };
    return { ok: true, value: { ...common, target: { host: '', port: bind.value.port } } };
  }
  const [hostText, portText] = parts.slice(-2);
  const host = hostText === '' ? ({ ok: true, value: '' } as const) : parseHost(hostText);
  if (!host.ok) return { ...host, part: text };
  const port = parsePort(portText, 1);
  if (!port.ok) return { ...port, part: text };
  return { ok: true, value: { ...common, target: { host: host.value, port: port.value } } };
}

/** `-D`: `port` or `bind:port`. */
export function parseDynamicRule(
  text: string,
  reading: RuleReading = CULVERT_READING,
): Parsed<RuleDraft, RuleReason> {
  const parts = splitColons(text);
  if (parts.length > 2) return { ok: false, reason: 'tooManyParts', part: text };
  const bind =
    parts.length === 2 ? parseBind(parts[0], parts[1], reading) : parseBind(undefined, parts[0], reading);
  if (!bind.ok) return { ...bind, part: text };
  return { ok: true, value: { kind: 'dynamic', name: '', enabled: true, bind: bind.value, auth: null } };
}

function parseBind(
  hostText: string | undefined,
  portText: string,
  reading: RuleReading,
): Parsed<Bind, RuleReason> {
  const port = parsePort(portText, 0);
  if (!port.ok) return port;
  if (hostText === undefined) return { ok: true, value: { host: reading.noBind, port: port.value } };
  if (hostText === '') return { ok: true, value: { host: reading.emptyBind, port: port.value } };
  if (hostText === '*') return { ok: true, value: { host: '*', port: port.value } };
  const host = parseHost(hostText);
  if (!host.ok) return { ok: false, reason: 'badBind', part: hostText };
  return { ok: true, value: { host: host.value, port: port.value } };
}
