import { STATUS_CODES } from 'node:http';
import { assertNever } from '../base/errors.ts';
import type { OpenFailure, Target } from '../mux/types.ts';
import { targetText } from './host-name.ts';
import { type HeaderField, printHead } from './http-head.ts';

/** The answer to a CONNECT that succeeded: what follows is the tunnel. */
export const CONNECT_ESTABLISHED = Buffer.from('HTTP/1.1 200 Connection established\r\n\r\n', 'latin1');

export const AUTH_REALM = 'Culvert';

/** The HTTP status for a failed open, RFC 9110 §15. */
export function statusOfFailure(failure: OpenFailure): number {
  switch (failure) {
    case 'timeout':
      return 504;
    case 'denied':
      return 403;
    case 'limit':
    case 'noSession':
      return 503;
    case 'internal':
    case 'refused':
    case 'hostUnreachable':
    case 'networkUnreachable':
    case 'nameNotFound':
    case 'unsupported':
      return 502;
    default:
      return assertNever(failure);
  }
}

/** A complete response that closes the connection, with `text` and a line end as its body; none for HEAD. */
export function statusPage(status: number, text: string, options: PageOptions = {}): Buffer {
  return page(status, 'text/plain; charset=utf-8', `${text}\n`, options);
}

export interface PageOptions {
  readonly method?: string;
  readonly fields?: readonly HeaderField[];
}

/** 407: the port wants a user and a password. */
export function authPage(method: string): Buffer {
  return statusPage(
    407,
    'This Culvert port asks for a user and a password.\nSet them in the proxy settings of this program.',
    {
      method,
      fields: [{ name: 'Proxy-Authenticate', value: `Basic realm="${AUTH_REALM}", charset="UTF-8"` }],
    },
  );
}

/** The page for a target that could not be opened: names it, says why and what to do. */
export function failurePage(target: Target, failure: OpenFailure, message: string, method: string): Buffer {
  const { what, todo } = explain(failure);
  const detail = message === '' ? '' : `\nDetail: ${printable(message)}`;
  const text = `Culvert could not open ${targetText(target)}: ${what}.\n${todo}${detail}`;
  return statusPage(statusOfFailure(failure), text, { method });
}

/** The page for a server that was reached but did not answer with HTTP. */
export function brokenPage(target: Target, reason: string, method: string): Buffer {
  const text = `${targetText(target)} was reached through Culvert, but gave no usable answer: ${printable(reason)}.`;
  return statusPage(502, `${text}\nTry again; if it stays so, the fault is at that server.`, { method });
}

/** The page for an exchange in which nothing moved for `ms`. */
export function idlePage(target: Target, ms: number, method: string): Buffer {
  const text = `${targetText(target)} was reached through Culvert, but nothing moved for ${ms / 1000} s.`;
  return statusPage(504, `${text}\nTry again, or let Culvert wait for longer (-t).`, { method });
}

/** The page for a browser that opens the port itself. `port` is where it is listening. */
export function portPage(port: Target, method: string): Buffer {
  if (method !== 'GET' && method !== 'HEAD') {
    const text = 'This is a proxy port, not a web site. Use it as a proxy (SOCKS5, SOCKS4 or HTTP).';
    return statusPage(405, text, { method, fields: [{ name: 'Allow', value: 'GET, HEAD' }] });
  }
  const address = targetText(port);
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Culvert proxy port</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:4em auto;padding:0 1em;color-scheme:light dark}</style>
<h1>This is a Culvert proxy port</h1>
<p>It works. It is not a web site: set it as the proxy of your browser or system, and what they open goes
through the tunnel. Names are looked up at the far end.</p>
<ul>
<li>SOCKS5 (best), SOCKS4 or SOCKS4a proxy: <code>${address}</code></li>
<li>HTTP proxy, also for HTTPS: <code>${address}</code></li>
</ul>
<p>To try it: <code>curl --proxy socks5h://${address} https://example.com/</code></p>
</html>
`;
  const policy = { name: 'Content-Security-Policy', value: "default-src 'none'; style-src 'unsafe-inline'" };
  return page(200, 'text/html; charset=utf-8', html, { method, fields: [policy] });
}

function page(status: number, type: string, text: string, options: PageOptions): Buffer {
  const body = Buffer.from(text);
  const head = printHead(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`, [
    { name: 'Content-Type', value: type },
    { name: 'Content-Length', value: String(body.length) },
    { name: 'Cache-Control', value: 'no-store' },
    { name: 'X-Content-Type-Options', value: 'nosniff' },
    ...(options.fields ?? []),
    { name: 'Connection', value: 'close' },
  ]);
  return options.method === 'HEAD' ? head : Buffer.concat([head, body]);
}

function explain(failure: OpenFailure): { what: string; todo: string } {
  switch (failure) {
    case 'refused':
      return { what: 'the connection was refused', todo: 'Check the port, and that the service is running.' };
    case 'timeout':
      return { what: 'it did not answer in time', todo: 'Check the address, or try again later.' };
    case 'hostUnreachable':
      return { what: 'the Culvert server cannot reach this host', todo: 'Check the address.' };
    case 'networkUnreachable':
      return { what: 'the Culvert server cannot reach its network', todo: "Check the server's own network." };
    case 'nameNotFound':
      return { what: 'the name was not found', todo: 'Check its spelling; the Culvert server looks it up.' };
    case 'denied':
      return { what: 'the Culvert server does not allow it', todo: 'Ask whoever runs the server.' };
    case 'limit':
      return { what: 'a limit was reached', todo: 'Close some connections, or try again later.' };
    case 'unsupported':
      return { what: 'the Culvert server does not support it', todo: 'Update the server.' };
    case 'internal':
      return {
        what: 'something failed at the Culvert server',
        todo: "Try again; look into the server's log.",
      };
    case 'noSession':
      return {
        what: 'there is no connection to the Culvert server',
        todo: 'Check the network; Culvert goes on trying, and its log says why it fails.',
      };
    default:
      return assertNever(failure);
  }
}

/** Text from outside, without controls and of bounded length. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ').slice(0, 500);
}
