import { once } from 'node:events';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { generateKey, parseKey, Server } from '../../src-main/engine/index.ts';
import { newDraft, type ProfileDraft } from '../../src-shared/profile.ts';
import type { RuleDraft } from '../../src-shared/rules.ts';

/** A Culvert server and an echo behind it, for tests that need a real far end. */
export class FarEnd {
  readonly key = generateKey();
  port = 0;
  echoPort = 0;
  server: Server | undefined;
  private echo: NetServer | undefined;
  private readonly sockets = new Set<Socket>();

  async start(): Promise<this> {
    this.echo = createServer({ allowHalfOpen: true }, (socket) => {
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => this.sockets.delete(socket));
      socket.pipe(socket);
    });
    this.echo.listen(0, '127.0.0.1');
    await once(this.echo, 'listening');
    this.echoPort = portOf(this.echo);
    await this.startServer();
    return this;
  }

  async startServer(port = this.port): Promise<void> {
    const server = new Server({
      listen: { host: '127.0.0.1', port },
      udp: { host: '127.0.0.1', port: 0 },
      users: [await parseKey(this.key)],
    });
    this.port = (await server.start()).port;
    this.server = server;
  }

  async stopServer(): Promise<void> {
    await this.server?.close();
    this.server = undefined;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.echo?.close();
    await this.stopServer();
  }

  /** A rule to the echo, at any free port. */
  echoRule(change: { name?: string; port?: number; enabled?: boolean } = {}): RuleDraft {
    const { name = 'echo', port = 0, enabled = true } = change;
    const target = { host: '', port: this.echoPort };
    return { kind: 'static', name, enabled, bind: { host: '127.0.0.1', port }, target };
  }

  /** A profile of this server with its key. */
  draft(change: Partial<ProfileDraft> = {}): ProfileDraft {
    return newDraft({
      name: 'far end',
      server: { scheme: 'http', host: '127.0.0.1', port: this.port, path: '/' },
      secrets: { key: { kind: 'set', text: this.key }, proxyPassword: { kind: 'keep' } },
      rules: [this.echoRule()],
      ...change,
    });
  }
}

export function portOf(server: NetServer): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening at a port');
  return address.port;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
