/** The page's own scheme: `app://culvert/…` is out/renderer and nothing else. */
import { readFile } from 'node:fs/promises';
import { extname, resolve, sep } from 'node:path';

export const SCHEME = 'app';
export const PAGE_ORIGIN = 'app://culvert';
export const PAGE_URL = `${PAGE_ORIGIN}/index.html`;

/** As that of the headless host: what the page needs and no more. */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
  'Cache-Control': 'no-store',
};
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};

/** To be told to Electron before it is ready. */
export const SCHEME_PRIVILEGES = {
  scheme: SCHEME,
  privileges: { standard: true, secure: true, supportFetchAPI: true },
};

/** The file behind an address of the page, or undefined: another host, a way out of the folder, an unknown kind. */
export function pageFile(folder: string, address: string): string | undefined {
  let path: string;
  try {
    const url = new URL(address);
    if (url.protocol !== `${SCHEME}:` || url.host !== 'culvert') return undefined;
    path = decodeURIComponent(url.pathname);
  } catch {
    return undefined;
  }
  // A backslash is a separator on Windows, and NUL ends a path; neither is in any name of the page.
  if (/[\\\0:]/.test(path) || path.split('/').includes('..')) return undefined;
  const root = resolve(folder);
  const file = resolve(root, `.${path === '/' ? '/index.html' : path}`);
  if (!file.startsWith(root + sep) || TYPES[extname(file)] === undefined) return undefined;
  return file;
}

/** Answers requests of the page for its files. */
export function servePage(folder: string): (request: Request) => Promise<Response> {
  return async ({ method, url }) => {
    if (method !== 'GET' && method !== 'HEAD') return answer(405, 'Only GET and HEAD.');
    const file = pageFile(folder, url);
    if (file === undefined) return answer(404, 'There is nothing here.');
    try {
      const bytes = await readFile(file);
      const headers = { ...HEADERS, 'Content-Type': TYPES[extname(file)] };
      return new Response(method === 'HEAD' ? null : new Uint8Array(bytes), { headers });
    } catch {
      return answer(404, 'There is nothing here.');
    }
  };
}

function answer(status: number, text: string): Response {
  return new Response(text, { status, headers: { ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8' } });
}
