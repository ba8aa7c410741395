import { createServer, type Server, type Socket } from 'node:net';
import { CulvertError } from '../base/errors.ts';
import { listenError } from '../base/listen-error.ts';
import type { AnySocket } from '../native/any-socket.ts';
import { DirectListener } from '../native/direct-listener.ts';
import { directRuntime, enableDirectSockets } from '../native/direct-runtime.ts';
import type { DirectSocket } from '../native/direct-socket.ts';

export interface BindAddress {
  host: string;
  /** 0 = any free port. */
  port: number;
}

/** Connections a listener holds before the kernel refuses further ones. */
const BACKLOG = 4096;
/** Connections at once; more are closed as they come. A session has no more streams. */
const MAX_CONNECTIONS = 65_536;

/** A listening TCP socket that hands out half-open-capable connections. */
export class TcpListener {
  private readonly server: Server;
  private readonly onDirect: ((socket: DirectSocket) => void) | undefined;
  private direct: DirectListener | undefined;
  private readonly sockets = new Set<AnySocket>();
  private stopped = false;

  /** `onDirect`: takes connections that are no Sockets of Node's, where such can be had. */
  constructor(onSocket: (socket: Socket) => void, onDirect?: (socket: DirectSocket) => void) {
    this.onDirect = onDirect;
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
      onSocket(socket);
    });
    this.server.maxConnections = MAX_CONNECTIONS;
  }

  get connections(): number {
    return this.sockets.size;
  }

  /** Throws ERR_PORT_IN_USE, ERR_PORT_FORBIDDEN or ERR_LISTEN; ERR_CLOSED when it was stopped meanwhile. */
  async listen(bind: BindAddress): Promise<BindAddress> {
    try {
      await new Promise<void>((resolve, reject) => {
        const onClose = (): void => reject(stoppedFirst());
        this.server.once('error', reject).once('close', onClose);
        this.server.listen({ host: bind.host, port: bind.port, backlog: BACKLOG }, () => {
          this.server.off('error', reject).off('close', onClose);
          // A connection that cannot be accepted is lost; the listener is not.
          this.server.on('error', () => {});
          // While the name was looked up: Node listens then all the same.
          if (this.stopped) this.server.close();
          resolve();
        });
      });
      if (this.stopped) throw stoppedFirst();
    } catch (cause) {
      if (cause instanceof CulvertError) throw cause;
      throw await listenError({ ...bind, ...ELSEWHERE }, cause);
    }
    const address = this.server.address();
    if (this.onDirect !== undefined) void enableDirectSockets().then(() => this.goDirect());
    return address !== null && typeof address === 'object'
      ? { host: address.address, port: address.port }
      : bind;
  }

  private goDirect(): void {
    const { onDirect, sockets } = this;
    const runtime = directRuntime();
    if (runtime === undefined || onDirect === undefined || this.stopped) return;
    this.direct = DirectListener.inPlaceOf(runtime, this.server, (socket) => {
      if (sockets.size >= MAX_CONNECTIONS) return socket.destroy();
      sockets.add(socket);
      socket.gone = () => sockets.delete(socket);
      onDirect(socket);
    });
  }

  /** Takes no more connections; those there go on. */
  stop(): void {
    this.stopped = true;
    this.server.close();
    this.direct?.close();
  }

  /** Cuts those left. */
  destroy(): void {
    this.stop();
    for (const socket of this.sockets) socket.destroy();
  }
}

/** What to do about a port or an address that cannot be had. */
export const ELSEWHERE = {
  otherPort: 'choose another port',
  otherHost: 'bind 127.0.0.1, or 0.0.0.0 for all interfaces',
};

/** The error of a listener that was stopped while it was being opened. */
export function stoppedFirst(): CulvertError {
  return new CulvertError('ERR_CLOSED', 'the forward was stopped before it listened');
}
