import { connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import { type LogEntry, Logger } from '../../src-main/engine/base/log.ts';
import { Client, type ClientOptions } from '../../src-main/engine/client/client.ts';
import { generateKey, parseKey } from '../../src-main/engine/crypto/keys.ts';
import { Server, type ServerOptions } from '../../src-main/engine/server/server.ts';

/** A target, a server and one client of it in this process, all on ports of 127.0.0.1. */
export interface TunnelRig {
  readonly server: Server;
  readonly client: Client;
  readonly serverPort: number;
  /** The forward to the target. */
  readonly port: number;
  readonly log: LogEntry[];
  /** Starts a server with the same key, which knows no session; gives its port. */
  anotherServer(): Promise<number>;
  close(): Promise<void>;
}

export interface RigOptions {
  /** What the target does with a connection. */
  target: (socket: Socket) => void;
  client?: Partial<ClientOptions>;
  server?: Partial<ServerOptions>;
  /** Puts something between: gets the server's port, gives the URL that the client uses. */
  between?: (serverPort: number) => Promise<string>;
}

export const listenOn = (server: NetServer): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });

export async function startRig(options: RigOptions): Promise<TunnelRig> {
  const log: LogEntry[] = [];
  const others: Server[] = [];
  const sink = (scope: string): Logger => new Logger(scope, 'debug', (entry) => log.push(entry));
  const sockets = new Set<Socket>();
  const target = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    options.target(socket);
  });
  const targetPort = await listenOn(target);
  const key = await parseKey(generateKey());
  const server = new Server({
    listen: { host: '127.0.0.1', port: 0 },
    users: [key],
    log: sink('server'),
    ...options.server,
    config: { drainMs: 100, ...options.server?.config },
  });
  const { port: serverPort } = await server.start();
  const url = (await options.between?.(serverPort)) ?? `http://127.0.0.1:${serverPort}/`;
  const client = new Client({
    server: new URL(url),
    key,
    transport: 'http',
    forwards: [
      {
        kind: 'static',
        bind: { host: '127.0.0.1', port: 0 },
        target: { host: '127.0.0.1', port: targetPort },
      },
    ],
    log: sink('client'),
    ...options.client,
    config: { drainMs: 100, ...options.client?.config },
  });
  const [rule] = await client.start();
  return {
    server,
    client,
    serverPort,
    port: rule.listening?.port ?? 0,
    log,
    async anotherServer() {
      const another = new Server({
        listen: { host: '127.0.0.1', port: 0 },
        users: [key],
        log: sink('server'),
      });
      others.push(another);
      return (await another.start()).port;
    },
    async close() {
      client.destroy();
      for (const each of [server, ...others]) await each.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => target.close(resolve));
    },
  };
}

/** Sends `bytes`, half-closes, and gives what came back until the other side's end. */
export function exchangeBytes(port: number, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => {
      socket.destroy();
      resolve(Buffer.concat(chunks));
    });
    socket.on('error', reject);
    socket.end(bytes);
  });
}
