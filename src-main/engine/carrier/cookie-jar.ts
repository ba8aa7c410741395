import { isFlightCookie } from './flight-cookie.ts';

/** Cookies kept of those that the path sets, and bytes of all. */
const MAX_COOKIES = 16;
const MAX_COOKIE_BYTES = 4096;

/**
 * The cookies that the path sets, such as the choice of a load balancer. One jar serves all carriers of a client:
 * a further carrier has to reach the server that has the session.
 */
export class CookieJar {
  private readonly cookies = new Map<string, string>();

  /** `name=value`, in the order in which they came. */
  pairs(): Iterable<string> {
    return this.cookies.values();
  }

  /** Reads the values of `Set-Cookie` headers (RFC 6265 §5.2, of which only what has an effect here). */
  learn(setCookies: readonly string[]): void {
    for (const line of setCookies) {
      const [pair, ...attributes] = line.split(';');
      const name = pair.slice(0, Math.max(0, pair.indexOf('='))).trim();
      const cookie = pair.trim();
      if (name === '' || isFlightCookie(cookie) || !/^[\x21-\x7e ]+$/.test(cookie)) continue;
      this.cookies.delete(name);
      if (attributes.some((attribute) => /^\s*max-age\s*=\s*(0|-)/i.test(attribute))) continue;
      this.cookies.set(name, cookie);
    }
    for (const name of this.cookies.keys()) {
      let bytes = 0;
      for (const cookie of this.cookies.values()) bytes += cookie.length;
      if (this.cookies.size <= MAX_COOKIES && bytes <= MAX_COOKIE_BYTES) break;
      this.cookies.delete(name);
    }
  }
}
