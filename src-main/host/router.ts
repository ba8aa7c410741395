/** The contract, answered: one implementation, served over WebSockets and message ports alike. */
import { onError } from '@orpc/server';
import { RPCHandler } from '@orpc/server/ws';
import { type PipeSocket, type PortLike, socketOfPort } from '../../src-shared/pipe.ts';
import type { Host } from './host.ts';
import type { CallContext } from './router-base.ts';
import { filesRouter, serverRouter, systemRouter } from './router-host.ts';
import { liveRouter } from './router-live.ts';
import { keysRouter, profilesRouter, rulesRouter } from './router-profiles.ts';

/** Streams wait while so much is unsent on a pipe, bytes. */
const BUSY_BYTES = 1 << 20;

/** A socket as this end uses it; `bufferedAmount` where the pipe knows it. */
type Pipe = Pick<PipeSocket, 'send' | 'addEventListener'> & { readonly bufferedAmount?: number };

export function makeRouter(host: Host) {
  return {
    ...liveRouter(host),
    ...filesRouter(host),
    ...systemRouter(host),
    profiles: profilesRouter(host),
    rules: rulesRouter(host),
    keys: keysRouter(),
    server: serverRouter(host),
  };
}

/** Serves pipes, each until it closes. */
export class Pipes {
  private readonly handler: RPCHandler<CallContext>;
  private readonly host: Host;

  constructor(host: Host) {
    this.host = host;
    this.handler = new RPCHandler(makeRouter(host), {
      interceptors: [onError((error) => this.report(error))],
    });
  }

  /** A WebSocket. */
  serve(pipe: Pipe): void {
    const context: CallContext = {
      busy: () => (pipe.bufferedAmount ?? 0) > BUSY_BYTES,
      report: (error) => this.report(error),
    };
    void this.handler.upgrade(pipe, { context });
  }

  /** A message port: see src-shared/pipe.ts. */
  servePort(port: PortLike): void {
    this.serve(socketOfPort(port));
  }

  /** A fault of Culvert's own: with its stack, for whoever looks for it. */
  private report(error: unknown): void {
    if (error instanceof Error && 'defined' in error) return;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.host.log('error', `a call failed: ${text}`);
  }
}
