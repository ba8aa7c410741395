import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Managed, ProcessSet, type StartOptions } from '../bench/processes.ts';
import { culvertBin, freePort } from '../bench/rig.ts';

export const HOST = '127.0.0.1';
/** How long a process may take to say what is expected of it. The machine may be busy. */
const SAYS_WITHIN_MS = 15_000;
const POLL_MS = 15;

/** Waits until what a process printed, on both outputs together, has `pattern`. Rejects when it ends before. */
export async function says(
  child: Managed,
  pattern: RegExp,
  timeoutMs = SAYS_WITHIN_MS,
): Promise<RegExpExecArray> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    // Looked at first: output may still come in with the end itself.
    const over = child.exited;
    const found = pattern.exec(child.output);
    if (found !== null) return found;
    if (over !== undefined)
      throw new Error(`${child.name} ${over.text} without ${pattern}:\n${child.output}`);
    if (performance.now() > deadline)
      throw new Error(`${child.name} did not say ${pattern} within ${timeoutMs} ms:\n${child.output}`);
    await pause(POLL_MS);
  }
}

/** Waits until `condition` holds. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = SAYS_WITHIN_MS,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await pause(POLL_MS);
  }
}

/** The exit code of a process that ends by itself. */
export async function exitCodeOf(child: Managed, timeoutMs = SAYS_WITHIN_MS): Promise<number | undefined> {
  const exit = await Promise.race([child.ended, pause(timeoutMs, undefined, { ref: false })]);
  if (exit === undefined)
    throw new Error(`${child.name} did not end within ${timeoutMs} ms:\n${child.output}`);
  return exit.code;
}

const NO_PROXIES = Object.fromEntries(
  ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [
    [name, undefined],
    [name.toUpperCase(), undefined],
  ]),
);

export interface ServerProcess {
  readonly process: Managed;
  readonly port: number;
  readonly key: string;
}

/** Real Culvert processes, and small servers in this one, for one test. Nothing of it outlives `close`. */
export class CulvertLab {
  private readonly processes = new ProcessSet();
  private readonly servers = new Set<Server>();
  private readonly sockets = new Set<Socket>();
  private readonly cleanups: (() => unknown)[] = [];
  private readonly started: Managed[] = [];
  /** What the command line keeps between runs is each lab's own. */
  private state: string | undefined;

  /** Runs the command line. */
  run(args: readonly string[], options: StartOptions = {}): Managed {
    const name = `culvert ${args.join(' ')}`;
    // What the developer has set must not decide a test.
    const state = this.stateFolder;
    const own = {
      CULVERT_KEY: undefined,
      CULVERT_NATIVE: undefined,
      NO_COLOR: '1',
      XDG_STATE_HOME: state,
      LOCALAPPDATA: state,
    };
    const env = { ...NO_PROXIES, ...own, ...options.env };
    const child = this.processes.start(name, process.execPath, [culvertBin(), ...args], { ...options, env });
    this.started.push(child);
    return child;
  }

  get stateFolder(): string {
    this.state ??= mkdtempSync(join(tmpdir(), 'culvert-state-'));
    return this.state;
  }

  program(file: string, args: readonly string[], options: StartOptions = {}): Managed {
    return this.processes.start(file, file, args, options);
  }

  /** A server at a free port that is ready to accept. */
  async server(extra: readonly string[] = [], port?: number, key = makeKey()): Promise<ServerProcess> {
    const at = port ?? (await freePort());
    const server = this.run([...extra, `${HOST}:${at}`, '-p', key]);
    await says(server, /listening on/);
    return { process: server, port: at, key };
  }

  /** A client that listens. `forwards` as on the command line, and whatever options. */
  async client(
    server: { port: number; key: string },
    forwards: readonly string[],
    connected = true,
  ): Promise<Managed> {
    const client = this.run(['-w', ...forwards, `${HOST}:${server.port}`, '-p', server.key]);
    await says(client, connected ? /connected: / : /listening on/);
    return client;
  }

  /** Server, client and the local ports of `-L` forwards to `targets` (ports of loopback). */
  async forward(
    targets: readonly number[],
    extra: { server?: readonly string[]; client?: readonly string[] } = {},
  ): Promise<{ server: ServerProcess; client: Managed; ports: number[] }> {
    const server = await this.server(extra.server);
    const ports: number[] = [];
    const words: string[] = [];
    for (const target of targets) {
      const port = await freePort();
      ports.push(port);
      words.push('-L', `${port}::${target}`);
    }
    const client = await this.client(server, [...words, ...(extra.client ?? [])]);
    return { server, client, ports };
  }

  /** Server, client and the port of a dynamic forward. */
  async dynamic(
    extra: readonly string[] = [],
  ): Promise<{ server: ServerProcess; client: Managed; port: number }> {
    const server = await this.server();
    const port = await freePort();
    const client = await this.client(server, ['-D', String(port), ...extra]);
    return { server, client, port };
  }

  /** A TCP server on loopback whose sockets may be half-open; gives its port. */
  async tcp(onSocket: (socket: Socket) => void): Promise<number> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.hold(socket);
      onSocket(socket);
    });
    return this.listen(server);
  }

  /** Listens on loopback at any free port, until `close`. */
  async listen(server: Server): Promise<number> {
    this.servers.add(server);
    server.on('connection', (socket) => this.hold(socket));
    server.listen(0, HOST);
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no TCP port');
    return address.port;
  }

  onClose(cleanup: () => unknown): void {
    this.cleanups.push(cleanup);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    for (const server of this.servers) server.close();
    for (const cleanup of this.cleanups.splice(0).reverse()) await cleanup();
    // Asked twice it stops at once: what a test left open is not worth a drain.
    for (const child of this.started.splice(0)) child.signal('SIGTERM');
    await pause(POLL_MS);
    await this.processes.stopAll();
    if (this.state !== undefined) rmSync(this.state, { recursive: true, force: true });
    this.state = undefined;
  }

  private hold(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.sockets.delete(socket));
  }
}

export function makeKey(): string {
  return `cv1_${randomBytes(32).toString('base64url')}`;
}
