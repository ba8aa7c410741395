import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import { assertNever, CulvertError, describeError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { createNoneCover } from './cover-none.ts';
import { ProxyCover, parseCoverUrl } from './cover-proxy.ts';
import { createStaticCover } from './cover-static.ts';
import type { SiteLimits } from './in-process-site.ts';
import type { Peer } from './memory-socket.ts';

/** Which site answers what is not the tunnel's. */
export type CoverSpec =
  | { readonly kind: 'none' }
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'proxy'; readonly url: string };

/** A connection to the cover site: bytes in, bytes out. */
export interface CoverConnection {
  readonly stream: Duplex;
  /** False until it is known that the site can be reached. */
  isOpen(): boolean;
}

/**
 * The site behind the front (invariant I6). It is a maker of connections and knows nothing of requests: whatever a
 * client sends goes to it as it is, so that even what is no HTTP gets the site's own answer in the site's own time.
 */
export interface Cover {
  connect(peer: Peer): CoverConnection;
  /** Stands in for a site that cannot be reached: every request gets 502. */
  connectStandIn(peer: Peer): CoverConnection;
  /** Cuts the connections that the cover itself holds. Idempotent. */
  close(): void;
}

export interface CoverOptions {
  readonly log: Logger;
  /** Of the sites inside the process: none and directory. */
  readonly limits?: SiteLimits;
}

/**
 * Makes the cover site.
 * @throws CulvertError ERR_BAD_OPTION: the directory is missing or no directory; the URL is no http(s) origin.
 */
export function createCover(spec: CoverSpec, { log, limits = {} }: CoverOptions): Cover {
  switch (spec.kind) {
    case 'none':
      return createNoneCover(limits);
    case 'directory':
      return createStaticCover(checkDirectory(spec.path), limits);
    case 'proxy':
      return new ProxyCover(parseCoverUrl(spec.url), log);
    default:
      return assertNever(spec);
  }
}

function checkDirectory(path: string): string {
  const root = resolve(path);
  const remedy = 'give an existing directory or a URL, such as -P /var/www/html or -P http://127.0.0.1:8080';
  let directory: boolean;
  try {
    directory = statSync(root).isDirectory();
  } catch (error) {
    throw new CulvertError(
      'ERR_BAD_OPTION',
      `cannot read the cover site's directory: ${describeError(error)}`,
      {
        remedy,
        cause: error,
      },
    );
  }
  if (!directory) {
    throw new CulvertError('ERR_BAD_OPTION', `the cover site ${root} is not a directory`, { remedy });
  }
  return root;
}
