import * as net from 'node:net';
import { CulvertError } from '../base/errors.ts';
import { listenError } from '../base/listen-error.ts';
import type { Logger } from '../base/log.ts';
import { Seldom } from '../base/seldom.ts';
import type { Cover } from './cover.ts';
import { FrontConnection } from './front-connection.ts';
import type { FrontHooks } from './front-hooks.ts';
import { FRONT_LIMITS, type FrontLimits } from './front-limits.ts';

/** How often `close` looks for connections that became quiet, in ms. */
const DRAIN_CHECK_MS = 50;

const ELSEWHERE = {
  otherPort: 'choose another port',
  otherHost: 'leave the host out to listen at all of them; a client of that address needs -L or -D',
};

export interface FrontOptions extends FrontHooks {
  /** Closed together with the front. */
  readonly cover: Cover;
  readonly log: Logger;
  readonly limits?: Partial<FrontLimits>;
}

/** Where to listen. No host: all interfaces. Port 0: any free one. */
export interface ListenAddress {
  readonly host?: string | undefined;
  readonly port: number;
}

/**
 * The server's one TCP listener. What the hooks claim is the tunnel's, all else gets what the cover site gives
 * (invariants I1 and I6); see `FrontConnection`.
 */
export class Front {
  private readonly cover: Cover;
  private readonly log: Logger;
  private readonly limits: FrontLimits;
  private readonly server: net.Server;
  private readonly connections = new Set<FrontConnection>();
  private closing: Promise<void> | undefined;
  private whenEmpty: (() => void) | undefined;
  private stopped = false;
  private readonly seldom = new Seldom(() => performance.now());

  constructor({ cover, log, limits = {}, ...hooks }: FrontOptions) {
    this.cover = cover;
    this.log = log;
    this.limits = { ...FRONT_LIMITS, ...limits };
    const context = {
      cover,
      log,
      hooks,
      limits: this.limits,
      onGone: (connection: FrontConnection) => this.onGone(connection),
    };
    this.server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.connections.add(new FrontConnection(socket, context));
    });
    this.server.maxConnections = this.limits.maxConnections;
    const { seldom } = this;
    this.server.on('drop', () => {
      if (seldom.may('drop'))
        log.warn(`${this.limits.maxConnections} connections are open; further ones are closed`);
    });
  }

  /**
   * Starts to accept connections.
   * @throws CulvertError ERR_PORT_IN_USE, ERR_PORT_FORBIDDEN, ERR_LISTEN; ERR_CLOSED when it was stopped meanwhile
   */
  async listen({ host, port }: ListenAddress): Promise<{ port: number; address: string }> {
    await new Promise<void>((resolve, reject) => {
      const onError = (error: Error): void =>
        void listenError({ host, port, ...ELSEWHERE }, error).then(reject);
      const onClose = (): void => reject(stoppedFirst());
      this.server.once('error', onError).once('close', onClose);
      this.server.listen({ host, port }, () => {
        this.server.off('error', onError).off('close', onClose);
        // While the name was looked up: Node listens then all the same.
        if (this.stopped) {
          this.server.close();
          return reject(stoppedFirst());
        }
        // Such as EMFILE: the connection is lost, the listener is not.
        this.server.on('error', (error) => {
          if (this.seldom.may('error')) this.log.warn(`a connection was not accepted: ${error.message}`);
        });
        resolve();
      });
    });
    const bound = this.server.address();
    if (bound === null || typeof bound === 'string') {
      throw new CulvertError('ERR_INTERNAL', 'the listener has no TCP address');
    }
    return { port: bound.port, address: bound.address };
  }

  /** Stops accepting; ends when requests under way are done, or after `drainMs`. What was claimed is not touched. */
  close(): Promise<void> {
    this.closing ??= this.drain();
    return this.closing;
  }

  /** Stops accepting and cuts every connection that the tunnel does not own. */
  destroy(): void {
    this.stopped = true;
    this.server.close();
    for (const connection of [...this.connections]) connection.destroy();
    this.cover.close();
  }

  private async drain(): Promise<void> {
    this.stopped = true;
    this.server.close();
    const closeQuiet = (): void => {
      for (const connection of [...this.connections]) {
        if (connection.isQuiet(this.limits.drainQuietMs)) connection.destroy();
      }
    };
    const check = setInterval(closeQuiet, DRAIN_CHECK_MS);
    let limit: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.whenEmpty = resolve;
      limit = setTimeout(resolve, this.limits.drainMs);
      if (this.connections.size === 0) resolve();
    });
    clearInterval(check);
    clearTimeout(limit);
    this.destroy();
  }

  private onGone(connection: FrontConnection): void {
    this.connections.delete(connection);
    if (this.connections.size === 0) this.whenEmpty?.();
  }
}

function stoppedFirst(): CulvertError {
  return new CulvertError('ERR_CLOSED', 'the server was stopped before it listened');
}
