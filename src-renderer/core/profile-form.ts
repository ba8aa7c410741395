/** The editor's form of a profile: text in every field, turned into a draft, or into what is wrong where. Pure. */
import { isHost, parsePort, printHostPort } from '../../src-shared/address.ts';
import {
  headerSchema,
  MAX_TIMEOUT_SECONDS,
  MAX_WRITE_BUFFER,
  MIN_WRITE_BUFFER,
  OWN_HEADERS,
  type ProfileDraft,
  profileDraftSchema,
  type Transport,
} from '../../src-shared/profile.ts';
import type { SecretChange } from '../../src-shared/schema.ts';
import { KEEP } from '../../src-shared/schema.ts';
import { DEFAULT_PORT, parseServer, pathSchema, type proxySchemes } from '../../src-shared/server-address.ts';

export type ProxyKind = 'none' | (typeof proxySchemes)[number];

export interface ProfileForm {
  readonly name: string;
  /** `host:port`. A URL that is typed or pasted is taken apart into these three. */
  readonly address: string;
  readonly secure: boolean;
  readonly path: string;
  /** Empty: as it is. */
  readonly key: string;
  readonly removeKey: boolean;
  readonly transport: Transport;
  readonly proxyKind: ProxyKind;
  readonly proxyAddress: string;
  readonly proxyUser: string;
  readonly proxyPassword: string;
  readonly headers: ReadonlyArray<{ readonly id: number; readonly name: string; readonly value: string }>;
  readonly hostHeader: string;
  readonly userAgent: string;
  readonly sni: string;
  readonly ca: string;
  readonly writeBuffer: string;
  readonly throttle: string;
  readonly timeout: string;
  readonly connectAtStart: boolean;
}

/** The wrong field, and the key of its words below `editor.errors`. */
export type FormError =
  | 'required'
  | 'badHost'
  | 'badPort'
  | 'badPath'
  | 'badHeader'
  | 'ownHeader'
  | 'badCa'
  | 'outOfRange'
  | 'tooLong'
  | 'badText';
export type FormErrors = Partial<Record<keyof ProfileForm, FormError>>;

export function formOf(draft: ProfileDraft): ProfileForm {
  const { server, proxy, limits } = draft;
  return {
    name: draft.name,
    address: server.host === '' ? '' : printHostPort(server.host, server.port),
    secure: server.scheme === 'https',
    path: server.path,
    key: draft.secrets.key.kind === 'set' ? draft.secrets.key.text : '',
    removeKey: false,
    transport: draft.transport,
    proxyKind: proxy === null ? 'none' : proxy.scheme,
    proxyAddress: proxy === null ? '' : printHostPort(proxy.host, proxy.port),
    proxyUser: proxy?.user ?? '',
    proxyPassword: '',
    headers: draft.headers.map((header, id) => ({ id, ...header })),
    hostHeader: draft.hostHeader,
    userAgent: draft.userAgent,
    sni: draft.sni,
    ca: draft.ca,
    writeBuffer: String(limits.writeBufferBytes),
    throttle: String(limits.throttleBytesPerSecond),
    timeout: limits.timeoutSeconds === null ? '' : String(limits.timeoutSeconds),
    connectAtStart: draft.connectAtStart,
  };
}

/** The form after the address was typed or pasted: a URL fills in what it says. */
export function withAddress(form: ProfileForm, text: string): ProfileForm {
  if (!text.includes('://')) return { ...form, address: text };
  const parsed = parseServer(text.trim());
  if (!parsed.ok) return { ...form, address: text };
  const { scheme, host, port, path } = parsed.value;
  return { ...form, address: printHostPort(host, port), secure: scheme === 'https', path };
}

function secret(text: string, remove: boolean): SecretChange {
  if (text !== '') return { kind: 'set', text };
  return remove ? { kind: 'remove' } : KEEP;
}

function numberOf(text: string): number {
  return /^\d{1,15}$/.test(text.trim()) ? Number(text.trim()) : Number.NaN;
}

const ADDRESS_ERROR = { badPort: 'badPort', portMissing: 'badPort', hostMissing: 'required' } as const;

function addressError(reason: string): FormError {
  return Object.hasOwn(ADDRESS_ERROR, reason)
    ? ADDRESS_ERROR[reason as keyof typeof ADDRESS_ERROR]
    : 'badHost';
}

export type Checked =
  | { readonly ok: true; readonly draft: ProfileDraft }
  | { readonly ok: false; readonly errors: FormErrors };

/** The draft of a form, with the rules of the one it was made from. */
export function checkForm(form: ProfileForm, base: ProfileDraft): Checked {
  const errors: FormErrors = {};
  const server = parseServer(form.address.trim(), DEFAULT_PORT[form.secure ? 'https' : 'http']);
  if (form.address.trim() === '') errors.address = 'required';
  else if (!server.ok) errors.address = addressError(server.reason);
  const path = form.path.trim() || '/';
  if (!pathSchema.safeParse(path).success) errors.path = 'badPath';
  const proxy = form.proxyKind === 'none' ? undefined : parseServer(form.proxyAddress.trim());
  if (proxy !== undefined && !proxy.ok) errors.proxyAddress = addressError(proxy.reason);
  const headers = form.headers.filter(({ name, value }) => name !== '' || value !== '');
  for (const { name, value } of headers) {
    if (OWN_HEADERS.has(name.toLowerCase())) errors.headers = 'ownHeader';
    else if (!headerSchema.safeParse({ name, value }).success) errors.headers ??= 'badHeader';
  }
  if (form.sni !== '' && !isHost(form.sni)) errors.sni = 'badHost';
  if (!/^[\w.:[\]-]*$/.test(form.hostHeader)) errors.hostHeader = 'badHost';
  if (form.ca.trim() !== '' && !form.ca.includes('-----BEGIN CERTIFICATE-----')) errors.ca = 'badCa';
  const writeBufferBytes = numberOf(form.writeBuffer);
  if (!(writeBufferBytes >= MIN_WRITE_BUFFER && writeBufferBytes <= MAX_WRITE_BUFFER))
    errors.writeBuffer = 'outOfRange';
  const throttleBytesPerSecond = numberOf(form.throttle || '0');
  if (Number.isNaN(throttleBytesPerSecond)) errors.throttle = 'outOfRange';
  const timeoutSeconds = form.timeout.trim() === '' ? null : numberOf(form.timeout);
  if (timeoutSeconds !== null && !(timeoutSeconds <= MAX_TIMEOUT_SECONDS)) errors.timeout = 'outOfRange';
  if (Object.keys(errors).length > 0 || !server.ok || (proxy !== undefined && !proxy.ok))
    return { ok: false, errors };
  const draft: ProfileDraft = {
    ...base,
    name: form.name.trim(),
    server: {
      scheme: form.secure ? 'https' : 'http',
      host: server.value.host,
      port: server.value.port,
      path,
    },
    transport: form.transport,
    proxy:
      proxy === undefined || form.proxyKind === 'none'
        ? null
        : { scheme: form.proxyKind, host: proxy.value.host, port: proxy.value.port, user: form.proxyUser },
    headers: headers.map(({ name, value }) => ({ name, value })),
    hostHeader: form.hostHeader.trim(),
    sni: form.sni.trim(),
    userAgent: form.userAgent,
    ca: form.ca.trim(),
    limits: { writeBufferBytes, throttleBytesPerSecond, timeoutSeconds },
    connectAtStart: form.connectAtStart,
    secrets: {
      key: secret(form.key.trim(), form.removeKey),
      proxyPassword: form.proxyKind === 'none' ? { kind: 'remove' } : secret(form.proxyPassword, false),
    },
  };
  return checkDraft(draft);
}

const FIELD_OF: Readonly<Record<string, keyof ProfileForm>> = {
  name: 'name',
  server: 'address',
  proxy: 'proxyAddress',
  headers: 'headers',
  hostHeader: 'hostHeader',
  sni: 'sni',
  userAgent: 'userAgent',
  ca: 'ca',
  limits: 'throttle',
  secrets: 'key',
};

/** The schema has the last word: what it refuses is shown at its field, and never sent. */
function checkDraft(draft: ProfileDraft): Checked {
  const checked = profileDraftSchema.safeParse(draft);
  if (checked.success) return { ok: true, draft: checked.data };
  const { path, code } = checked.error.issues[0];
  const error = code === 'too_big' ? 'tooLong' : 'badText';
  return { ok: false, errors: { [FIELD_OF[String(path[0])] ?? 'name']: error } };
}

/** The port within the address, so that the button of *refused* selects it. */
export function portRange(address: string): readonly [number, number] {
  const at = address.lastIndexOf(':');
  const hasPort = at >= 0 && parsePort(address.slice(at + 1), 1).ok;
  return hasPort ? [at + 1, address.length] : [0, address.length];
}
