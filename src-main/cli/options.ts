import type { HostPort, ListenAddress, ProxyRoute } from '../engine/index.ts';
import type { ServerAddress } from './addresses.ts';
import type { Cover, Credentials } from './values.ts';

export type Transport = 'auto' | 'http' | 'ws' | 'kcp';

/** The key as text, and who gave it. Only a server may have none: it makes one for the run. */
export type KeyOption =
  | { readonly from: '-p' | '--key-file' | 'env' | 'config'; readonly text: string }
  | { readonly from: 'none' };

export type Forward =
  | { readonly kind: 'static' | 'udp'; readonly bind: ListenAddress; readonly target: HostPort }
  | { readonly kind: 'dynamic'; readonly bind: ListenAddress; readonly auth: Credentials | undefined };

interface CommonOptions {
  /** Undefined: nobody chose (`-w`, `-K`, `--transport`). */
  readonly transport: Transport | undefined;
  readonly key: KeyOption;
  /** Bytes buffered per connection (`-W`), 4096 to 1 GiB. */
  readonly writeBufferBytes: number;
  /** Bytes per second each way (`-T`); 0 for no limit. */
  readonly throttleBytesPerSecond: number;
  /** Idle and dial timeout in seconds (`-t`), 0 to 86400; undefined for the engine's own. */
  readonly timeoutSeconds: number | undefined;
  /** -1 quiet, 0 normal, 1 and more for each `-v`. */
  readonly verbosity: number;
  /** The file of `-c`. */
  readonly configFile: string | undefined;
}

export interface ServerCliOptions extends CommonOptions {
  readonly role: 'server';
  readonly listen: ListenAddress;
  /** Where KCP is taken (`--udp`, or as `listen` with `-K`); undefined for nowhere. */
  readonly udp: ListenAddress | undefined;
  readonly cover: Cover | undefined;
}

export interface ClientCliOptions extends CommonOptions {
  readonly role: 'client';
  readonly server: ServerAddress;
  /** Of the URL that the requests go to, with a leading slash: `-U`, else that of the server's URL. */
  readonly path: string | undefined;
  /** At least one; no two of TCP or of UDP with the same bind address and port. `target.host` is empty for the server itself. */
  readonly forwards: readonly Forward[];
  readonly headers: readonly (readonly [string, string])[];
  /** PEM file of certificate authorities, by name: whoever starts the client reads it. */
  readonly caFile: string | undefined;
  /** The way to the server: `--proxy`, else what the variables name. */
  readonly proxy: ProxyRoute;
  /** `Host` instead of the server's own. */
  readonly hostHeader: string | undefined;
  /** The name in TLS instead of the server's own. */
  readonly sni: string | undefined;
  /** `User-Agent` instead of a browser's. */
  readonly userAgent: string | undefined;
  /** The file of what was learnt about paths; undefined with `--no-memory`. */
  readonly pathFile: string | undefined;
}

export type CliOptions = ServerCliOptions | ClientCliOptions;

export const DEFAULT_LISTEN_PORT = 8100;
export const DEFAULT_WRITE_BUFFER = 1 << 20;
export const MIN_WRITE_BUFFER = 4096;
export const MAX_WRITE_BUFFER = 1 << 30;
export const MAX_TIMEOUT_SECONDS = 86_400;
