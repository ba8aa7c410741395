import { randomBytes } from 'node:crypto';
import type { Managed, ProcessSet } from './processes.ts';
import { culvertBin, freePort, temporaryFolder, waitUntilReady } from './rig.ts';

/** How long a pair may take from start to its first good round trip. */
export const READY_TIMEOUT_MS = 20_000;

/** The client's switch for each carrier. */
export const TRANSPORT_SWITCHES = {
  ws: ['-w'],
  http: ['--transport', 'http'],
  kcp: ['-K'],
} as const satisfies Record<string, readonly string[]>;
export type Transport = keyof typeof TRANSPORT_SWITCHES;

export interface PairOptions {
  readonly targetPort: number;
  readonly transport: Transport;
  /** One good round trip through the forward at this local port. */
  readonly probe: (port: number) => Promise<boolean>;
  readonly node?: string;
  /** Given to node itself, before the program. */
  readonly nodeArgs?: readonly string[];
  readonly serverArgs?: readonly string[];
  readonly clientArgs?: readonly string[];
  readonly ipc?: boolean;
  /** Where the client finds the server, when something is between. */
  readonly through?: number;
}

export interface CulvertServer {
  readonly process: Managed;
  readonly port: number;
  readonly key: string;
}

export interface CulvertPair {
  readonly server: Managed;
  readonly client: Managed;
  /** The forward's port on 127.0.0.1. */
  readonly localPort: number;
}

/** A folder of this run's. */
let state: string | undefined;

/** What clients learnt before must not decide a measurement, nor this one what the user's own know. */
function ownState(): Record<string, string> {
  if (state === undefined) {
    const folder = temporaryFolder();
    process.once('exit', folder.remove);
    state = folder.path;
  }
  return { XDG_STATE_HOME: state, LOCALAPPDATA: state };
}

export async function startCulvertServer(
  processes: ProcessSet,
  options: PairOptions,
): Promise<CulvertServer> {
  const port = await freePort();
  const key = `cv1_${randomBytes(32).toString('base64url')}`;
  const args = [
    ...(options.nodeArgs ?? []),
    culvertBin(),
    // A server takes WebSocket and HTTP in any case.
    ...(options.transport === 'kcp' ? TRANSPORT_SWITCHES.kcp : []),
    ...(options.serverArgs ?? []),
    `127.0.0.1:${port}`,
    '-p',
    key,
  ];
  const node = options.node ?? process.execPath;
  const server = processes.start('culvert server', node, args, { ipc: options.ipc });
  return { process: server, port, key };
}

/** Starts one client of `server` and waits for its first round trip. */
export async function startCulvertClient(
  processes: ProcessSet,
  server: CulvertServer,
  options: PairOptions,
): Promise<CulvertPair> {
  const localPort = await freePort();
  const args = [
    ...(options.nodeArgs ?? []),
    culvertBin(),
    ...TRANSPORT_SWITCHES[options.transport],
    '-L',
    `127.0.0.1:${localPort}:127.0.0.1:${options.targetPort}`,
    ...(options.clientArgs ?? []),
    `127.0.0.1:${options.through ?? server.port}`,
    '-p',
    server.key,
  ];
  const node = options.node ?? process.execPath;
  const client = processes.start('culvert client', node, args, { ipc: options.ipc, env: ownState() });
  const needed = [client, server.process];
  await waitUntilReady('culvert', () => options.probe(localPort), needed, READY_TIMEOUT_MS);
  return { server: server.process, client, localPort };
}

/** A server and one client of it, both from the built command line, ready to forward. */
export async function startCulvert(processes: ProcessSet, options: PairOptions): Promise<CulvertPair> {
  return startCulvertClient(processes, await startCulvertServer(processes, options), options);
}
