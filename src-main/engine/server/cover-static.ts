import { realpathSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, sep } from 'node:path';
import send from 'send';
import { InProcessSite, type SiteLimits } from './in-process-site.ts';
import { SiteCover } from './site-cover.ts';

const INDEX = 'index.html';
/** A dotfile is a missing file. */
const NO_FILE = '/.none';
/** `send` refuses these, whether the file exists or not. */
const CLIMBS = /(?:^|[\\/])\.\.(?:[\\/]|$)/;

/**
 * A directory, served the way a plain web server does: index.html, ranges, ETag and Last-Modified; no dotfiles, no
 * listing, nothing outside the directory, not by a symbolic link either.
 */
export function createStaticCover(root: string, limits: SiteLimits): SiteCover {
  const realRoot = realpathSync(root);
  const site = new InProcessSite((request, response) => {
    if (request.method === 'GET' || request.method === 'HEAD') {
      void serveFile(realRoot, request, response);
      return;
    }
    response.statusCode = 405;
    response.setHeader('Allow', 'GET, HEAD');
    response.setHeader('Content-Length', '0');
    response.end();
  }, limits);
  return new SiteCover(site);
}

async function serveFile(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = pathOf(request.url ?? '/');
  const inside = await isInside(root, path);
  send(request, inside ? path : NO_FILE, { root, index: INDEX, dotfiles: 'ignore' }).pipe(response);
}

/** The path of a request target, still percent-encoded (origin-form or absolute-form, RFC 9112 §3.2). */
function pathOf(target: string): string {
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  return path.startsWith('/') ? path : `/${path}`;
}

/** False when what the path names lies outside `root`. What does not exist is left to `send`, which answers 404. */
async function isInside(root: string, path: string): Promise<boolean> {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return true;
  }
  if (decoded.includes('\0') || CLIMBS.test(decoded)) return true;
  const file = join(root, decoded.endsWith('/') ? `${decoded}${INDEX}` : decoded);
  try {
    const real = await realpath(file);
    return real === root || real.startsWith(root.endsWith(sep) ? root : root + sep);
  } catch {
    return true;
  }
}
