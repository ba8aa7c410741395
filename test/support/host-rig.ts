import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { ResponseValidationPlugin } from '@orpc/contract/plugins';
import { WebSocket, WebSocketServer } from 'ws';
import { type StartEngine, threadedEngine } from '../../src-main/host/engine-link.ts';
import { enginePort } from '../../src-main/host/engine-messages.ts';
import { EngineRoom } from '../../src-main/host/engine-room.ts';
import { headlessInfo } from '../../src-main/host/headless.ts';
import { Host, type HostOptions } from '../../src-main/host/host.ts';
import { Pipes } from '../../src-main/host/router.ts';
import { contract } from '../../src-shared/contract.ts';
import { type Failure, toFailure } from '../../src-shared/errors.ts';
import { applyPatch } from '../../src-shared/patch.ts';
import { socketOfPort } from '../../src-shared/pipe.ts';
import type { AppState } from '../../src-shared/state.ts';
import { root } from './sources.ts';

export type HostClient = ContractRouterClient<typeof contract>;

/** The engine in this thread, behind the messages that it has in its own: for tests of the host alone. */
export const engineHere: StartEngine = (generation) => {
  const { port1, port2 } = new MessageChannel();
  new EngineRoom(enginePort(port2), generation);
  const ended = new Promise<string>((resolve) => port1.once('close', () => resolve('closed')));
  return { port: enginePort(port1), ended, kill: async () => port1.close() };
};

/** The engine as it ships: the built thread. */
export const engineThread: StartEngine = threadedEngine(
  new URL('out/src-main/host/engine-worker.js', `file://${root}/`),
);

/** A host in a directory of its own, and clients of it over both pipes. */
export class HostRig {
  readonly directory: string;
  readonly host: Host;
  readonly pipes: Pipes;
  private readonly ownDirectory: boolean;
  private readonly closers: Array<() => void | Promise<void>> = [];

  constructor(options: Partial<HostOptions> = {}) {
    this.ownDirectory = options.directory === undefined;
    this.directory = options.directory ?? mkdtempSync(join(tmpdir(), 'culvert-host-'));
    const info = headlessInfo('0.0.0');
    this.host = new Host({ startEngine: engineHere, info, ...options, directory: this.directory });
    this.host.start();
    this.pipes = new Pipes(this.host);
  }

  overPort(): HostClient {
    const { port1, port2 } = new MessageChannel();
    this.pipes.servePort(port1);
    this.closers.push(() => port1.close());
    return clientOver(socketOfPort(port2));
  }

  async overWebSocket(): Promise<HostClient> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    server.on('connection', (socket) => this.pipes.serve(socket));
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const socket = new WebSocket(`ws://127.0.0.1:${address.port}`);
    this.closers.push(() => {
      socket.terminate();
      for (const client of server.clients) client.terminate();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    });
    await once(socket, 'open');
    return clientOver(socket);
  }

  async close(): Promise<void> {
    for (const close of this.closers) await close();
    await this.host.close();
    if (this.ownDirectory) rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A client that checks what it gets, as the page's does. */
export function clientOver(websocket: ConstructorParameters<typeof RPCLink>[0]['websocket']): HostClient {
  return createORPCClient(new RPCLink({ websocket, plugins: [new ResponseValidationPlugin(contract)] }));
}

/** What a call failed with; fails when it did not. */
export function failureOf(promise: Promise<unknown>): Promise<Failure> {
  return promise.then(
    (value) => {
      throw new Error(`it succeeded with ${JSON.stringify(value)}`);
    },
    (error: unknown) => toFailure(error),
  );
}

/** Follows the state until it is as wanted. Fails by the test's own timeout, with what it saw last. */
export async function stateUntil(
  client: HostClient,
  wanted: (state: AppState) => boolean,
  limitMs = 10_000,
): Promise<AppState> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), limitMs);
  let current: { rev: number; state: AppState } | undefined;
  try {
    for await (const event of await client.state.watch(undefined, { signal: abort.signal })) {
      const next = applyPatch(current, event);
      if (next === 'lost') throw new Error('a patch was missed');
      current = next;
      if (wanted(next.state)) return next.state;
    }
  } catch (error) {
    if (!abort.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
  const { statuses, tryIt, server } = current?.state ?? {};
  throw new Error(`not within ${limitMs} ms: ${JSON.stringify({ statuses, tryIt, server: server?.state })}`);
}
