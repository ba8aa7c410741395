import * as http from 'node:http';
import type { Duplex } from 'node:stream';
import { MemorySocket, type Peer } from './memory-socket.ts';

/** Time-outs and sizes of a site; undefined fields are plain Node's, which is what such a site must look like. */
export interface SiteLimits {
  readonly headersTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  readonly keepAliveTimeoutMs?: number;
  /** How often the two first are looked at. */
  readonly checkIntervalMs?: number;
  readonly maxHeadBytes?: number;
}

/** Node's own defaults, written out so that they do not change under us with a version of Node. */
const NODE_DEFAULTS = {
  headersTimeoutMs: 60_000,
  requestTimeoutMs: 300_000,
  keepAliveTimeoutMs: 5_000,
  checkIntervalMs: 30_000,
  maxHeadBytes: 16 * 1024,
} as const;

/**
 * An `http.Server` that listens nowhere: connections to it are made in the process. It parses, times out and
 * refuses as any Node server, because it is one.
 */
export class InProcessSite {
  private readonly server: http.Server;
  private readonly open = new Set<MemorySocket>();

  constructor(listener: http.RequestListener, limits: SiteLimits = {}) {
    const all = { ...NODE_DEFAULTS, ...limits };
    this.server = http.createServer(
      {
        headersTimeout: all.headersTimeoutMs,
        requestTimeout: all.requestTimeoutMs,
        keepAliveTimeout: all.keepAliveTimeoutMs,
        connectionsCheckingInterval: all.checkIntervalMs,
        maxHeaderSize: all.maxHeadBytes,
      },
      listener,
    );
    // `http.Server` starts its header and request time-outs on 'listening' (lib/_http_server.js,
    // setupConnectionsTracking); without that event an injected connection could stall for ever.
    this.server.emit('listening');
  }

  /** A new connection to the site; `peer` is whom the site takes for its client. */
  connect(peer: Peer): Duplex {
    const [near, far] = MemorySocket.pair(peer);
    this.open.add(far);
    far.once('close', () => this.open.delete(far));
    this.server.emit('connection', far);
    return near;
  }

  /** Cuts every connection. */
  close(): void {
    this.server.close();
    for (const socket of this.open) socket.destroy();
  }
}
