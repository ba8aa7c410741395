import type { RandomBytes } from '../../base/clock.ts';
import { CookieJar } from '../cookie-jar.ts';
import { flightCookie } from '../flight-cookie.ts';

export interface RequestFormOptions {
  /** `http:` or `https:`; its path is where the requests go. */
  url: URL;
  /** Extra request headers, in order. They replace those of the same name. */
  headers: ReadonlyArray<readonly [name: string, value: string]>;
  userAgent: string;
  /** The request goes to a proxy, which needs the whole URL. */
  absolute: boolean;
  /** Value of `Proxy-Authorization`. */
  proxyAuthorization: string | undefined;
  /** Cookies that the path set before; shared with the client's other carriers. */
  jar?: CookieJar;
  random: RandomBytes;
}

/** Length of a request's own part of the URL: 8 to 23 characters. */
const MIN_TOKEN = 6;
const TOKEN_SPREAD = 12;
/** Ours alone: they say where the message ends. */
const FRAMING = new Set(['content-length', 'transfer-encoding', 'connection', 'expect', 'upgrade', 'te']);

/** Writes the heads of an HTTP carrier's requests, and keeps the cookies that a load balancer sets. */
export class RequestForm {
  private readonly random: RandomBytes;
  private readonly prefix: string;
  private readonly suffix: string;
  private readonly fixedCookies: readonly string[];
  private readonly jar: CookieJar;

  constructor(options: RequestFormOptions) {
    const { url } = options;
    this.random = options.random;
    this.jar = options.jar ?? new CookieJar();
    const base = url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`;
    this.prefix = `POST ${options.absolute ? url.origin : ''}${base}`;
    const lines = new Map<string, string>([
      ['host', `Host: ${url.host}`],
      ['user-agent', `User-Agent: ${options.userAgent}`],
      ['accept', 'Accept: */*'],
      // A body that a proxy recodes is of no use: what it carries does not compress.
      ['accept-encoding', 'Accept-Encoding: identity'],
      ['content-type', 'Content-Type: application/octet-stream'],
      ['cache-control', 'Cache-Control: no-store, no-transform'],
    ]);
    const cookies: string[] = [];
    if (options.proxyAuthorization !== undefined && options.absolute)
      lines.set('proxy-authorization', `Proxy-Authorization: ${options.proxyAuthorization}`);
    for (const [name, value] of options.headers) {
      const key = name.toLowerCase();
      if (FRAMING.has(key)) continue;
      if (key === 'cookie') cookies.push(value);
      else lines.set(key, `${name}: ${value}`);
    }
    this.fixedCookies = cookies;
    this.suffix = `${url.search} HTTP/1.1\r\n${[...lines.values()].join('\r\n')}\r\nConnection: keep-alive\r\n`;
  }

  /** The head of a request with `bytes` of body, or a chunked one. Its URL is its own. */
  head(flight: Buffer, bytes: number | 'chunked'): string {
    const noise = this.random(MIN_TOKEN + TOKEN_SPREAD);
    const token = noise.toString('base64url', 0, MIN_TOKEN + (noise[noise.length - 1] % TOKEN_SPREAD));
    // In front: the server looks at the first few only.
    const cookies = [flightCookie(flight), ...this.fixedCookies, ...this.jar.pairs()].join('; ');
    const length = bytes === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes}`;
    return `${this.prefix}${token}${this.suffix}${length}\r\nCookie: ${cookies}\r\n\r\n`;
  }

  /** Remembers what the path wants to see again, such as the choice of a load balancer. */
  learn(setCookies: readonly string[]): void {
    this.jar.learn(setCookies);
  }
}
