/** Who may speak to the web server: by token, by cookie, by the name they used, by where their page came from. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { isEveryHost, isLoopback } from '../../src-shared/address.ts';

const TOKEN = /^[\w-]{43}$/;
const MAX_COOKIES = 16_384;

/**
 * The token of a data directory, 256 random bits in a 0600 file: made once, so that a browser stays logged in when the
 * host is started again. Removing the file ends every login.
 */
export function readToken(directory: string): string {
  const path = join(directory, 'ui-token');
  try {
    const text = readFileSync(path, 'utf8').trim();
    if (TOKEN.test(text)) {
      chmodSync(path, 0o600);
      return text;
    }
  } catch {
    // None yet.
  }
  const token = randomBytes(32).toString('base64url');
  writeFileSync(path, `${token}\n`, { mode: 0o600 });
  chmodSync(path, 0o600);
  return token;
}

/** Whether two texts are the same, in a time that does not tell where they differ. */
export function sameSecret(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

export interface AccessOptions {
  readonly token: string;
  readonly secure: boolean;
  /** Where it listens. */
  readonly host: string;
  /** Further names that requests may come by. */
  readonly names: readonly string[];
}

export class WebAccess {
  private readonly token: string;
  private readonly secure: boolean;
  private readonly names: ReadonlySet<string>;
  /** What a logged-in browser shows. Not the token itself, so that no cookie gives that away. */
  private readonly pass: string;
  private port = 0;

  constructor({ token, secure, host, names }: AccessOptions) {
    this.token = token;
    this.secure = secure;
    this.pass = createHmac('sha256', token).update('culvert ui cookie').digest('base64url');
    const own = isLoopback(host) || isEveryHost(host) ? ['127.0.0.1', 'localhost', '::1'] : [host];
    this.names = new Set([...own, ...names].map((name) => name.toLowerCase()));
  }

  listensAt(port: number): void {
    this.port = port;
  }

  /** Ports are not part of what a cookie belongs to: each host has a cookie of its own name. */
  private get cookieName(): string {
    return `culvert-ui-${this.port}`;
  }

  isToken(text: string): boolean {
    return sameSecret(text, this.token);
  }

  /** The cookie to set for somebody who had the token. */
  cookie(): string {
    const secure = this.secure ? '; Secure' : '';
    return `${this.cookieName}=${this.pass}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000${secure}`;
  }

  hasCookie(request: IncomingMessage): boolean {
    const text = request.headers.cookie ?? '';
    if (text.length > MAX_COOKIES) return false;
    return text.split(';').some((part) => {
      const at = part.indexOf('=');
      return part.slice(0, at).trim() === this.cookieName && sameSecret(part.slice(at + 1).trim(), this.pass);
    });
  }

  /** Against DNS rebinding: a page of somebody else's name that resolves to this machine sends that name. */
  isKnownHost(request: IncomingMessage): boolean {
    const authority = parseAuthority(request.headers.host);
    return authority !== undefined && this.names.has(authority.name);
  }

  /** Whether the page that asks was served from here. Browsers always say where a WebSocket comes from. */
  isOwnOrigin(request: IncomingMessage): boolean {
    const { origin, host } = request.headers;
    return (
      origin !== undefined && host !== undefined && origin === `${this.secure ? 'https' : 'http'}://${host}`
    );
  }
}

/** The name before the port, in lower case and without brackets. */
function parseAuthority(text: string | undefined): { name: string } | undefined {
  const match = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(text ?? '');
  const name = match?.[1] ?? match?.[2];
  return name === undefined ? undefined : { name: name.toLowerCase() };
}
