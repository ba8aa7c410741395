import {
  type ProxyRoute,
  parseHost,
  parseHostPort,
  parseProxy,
  proxyFromEnvironment,
} from '../engine/index.ts';
import type { ServerAddress } from './addresses.ts';
import type { Chosen } from './chosen.ts';
import type { ClientCliOptions } from './options.ts';
import { type Checked, type Outcome, usageError } from './usage-error.ts';

const PROXY_EXAMPLE = 'culvert --proxy http://user:secret@proxy:3128 -D 1080 server:80 -p password';
/** Longest `User-Agent`. */
const MAX_AGENT = 1024;

/** How the requests reach the server, and what they say of it. */
export type Way = Pick<ClientCliOptions, 'proxy' | 'hostHeader' | 'sni' | 'userAgent'>;

/** `--proxy`, or the variables that name one; `--host`, `--sni`, `--user-agent`. */
export function readWay(
  chosen: Chosen,
  server: ServerAddress | undefined,
  env: NodeJS.ProcessEnv,
  notes: string[],
): Outcome<Way> {
  const hostHeader = chosen.last('host', 'ERR_BAD_OPTION', parseHostHeader);
  const sni = chosen.last('sni', 'ERR_BAD_OPTION', parseSni);
  const userAgent = chosen.last('userAgent', 'ERR_BAD_OPTION', parseUserAgent);
  const asked = chosen.last('proxy', 'ERR_BAD_OPTION', parseProxy);
  if (chosen.error) return { ok: false, error: chosen.error };
  const way = { hostHeader, sni, userAgent };
  if (asked !== undefined) return { ok: true, value: { ...way, proxy: asked } };
  const direct: ProxyRoute = { kind: 'direct' };
  if (server === undefined) return { ok: true, value: { ...way, proxy: direct } };
  const secure = server.scheme === 'https' || server.scheme === 'wss';
  const found = proxyFromEnvironment({ ...server, secure }, env);
  if (found.kind === 'wrong') {
    const message = `the variable ${found.variable} names no proxy: ${found.reason}`;
    const hint = 'correct it, or give --proxy (none: straight to the server)';
    return { ok: false, error: usageError('ERR_BAD_OPTION', message, PROXY_EXAMPLE, hint) };
  }
  if (found.kind === 'none' || found.route.kind === 'direct')
    return { ok: true, value: { ...way, proxy: direct } };
  notes.push(
    `${found.variable} is set: going through the proxy ${found.route.host}:${found.route.port} (--proxy none does not)`,
  );
  return { ok: true, value: { ...way, proxy: found.route } };
}

/** A `Host` header: a name with an optional port. */
function parseHostHeader(text: string): Checked<string> {
  const whole = parseHostPort(text);
  if (whole.ok) return { ok: true, value: text };
  const host = parseHost(text);
  return host.ok ? { ok: true, value: text } : { ok: false, reason: host.reason };
}

/** RFC 6066 §3: a name, never an address. */
function parseSni(text: string): Checked<string> {
  const host = parseHost(text);
  if (!host.ok) return { ok: false, reason: host.reason };
  if (/^[\d.]+$/.test(host.value) || host.value.includes(':'))
    return { ok: false, reason: 'TLS asks for a name, and this is an address' };
  return { ok: true, value: host.value };
}

function parseUserAgent(text: string): Checked<string> {
  if (text.trim() === '') return { ok: false, reason: 'it is empty' };
  if (text.length > MAX_AGENT) return { ok: false, reason: `it is longer than ${MAX_AGENT} characters` };
  if (!/^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(text))
    return { ok: false, reason: 'it has characters that a header may not have' };
  return { ok: true, value: text.trim() };
}
