import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeError } from '../../src-main/engine/base/errors.ts';
import { READY_TIMEOUT_MS, startCulvert } from './culvert.ts';
import { ProcessSet } from './processes.ts';
import { echoOnce, findProgram, freePort, portAccepts, waitUntilReady } from './rig.ts';

/** What a peer is in the report: the judged one, the yardstick, or a neighbour. */
export type PeerKind = 'direct' | 'culvert' | 'ssh' | 'other';

/** A forward that is up: `port` on 127.0.0.1 leads to a tb server of this peer's own. */
export interface Peer {
  readonly name: string;
  readonly kind: PeerKind;
  readonly version: string;
  /** Major version of the Node that runs it (culvert only). */
  readonly nodeMajor?: number;
  readonly port: number;
}

/** `failed` differs from `skipped`: it was there and should have worked. */
export type PeerStart =
  | { readonly state: 'up'; readonly peer: Peer; readonly processes: ProcessSet }
  | {
      readonly state: 'skipped' | 'failed';
      readonly name: string;
      readonly kind: PeerKind;
      readonly reason: string;
    };

export interface PeerContext {
  /** The compiled load tool. */
  readonly tb: string;
  /** A folder for keys. */
  readonly folder: string;
  /** The Node binaries to run Culvert with. */
  readonly nodes: readonly string[];
}

interface Starter {
  readonly name: string;
  readonly kind: PeerKind;
  /** Undefined when it is there; else why not. */
  readonly missing: string | undefined;
  start(processes: ProcessSet, targetPort: number): Promise<Omit<Peer, 'name' | 'kind'>>;
}

function versionOf(program: string, args: readonly string[]): string {
  const run = spawnSync(program, args, { encoding: 'utf8', timeout: 5000 });
  return `${run.stdout ?? ''}${run.stderr ?? ''}`.trim().split('\n')[0] ?? '';
}

const probe = (port: number): Promise<boolean> => echoOnce(port, 2000);

function directStarter(): Starter {
  return {
    name: 'direct',
    kind: 'direct',
    missing: undefined,
    start: async (_processes, targetPort) => ({ version: 'loopback TCP', port: targetPort }),
  };
}

function culvertStarter(context: PeerContext, node: string): Starter {
  const found = findProgram(node);
  const version = found === undefined ? '' : versionOf(found, ['--version']);
  const nodeMajor = Number(/^v(\d+)/.exec(version)?.[1]);
  return {
    name: context.nodes.length > 1 ? `culvert (${version || node})` : 'culvert',
    kind: 'culvert',
    missing: nodeMajor > 0 ? undefined : `${node} is no Node`,
    start: async (processes, targetPort) => {
      const pair = await startCulvert(processes, { targetPort, transport: 'ws', probe, node: found });
      return { version: `Node ${version}`, nodeMajor, port: pair.localPort };
    },
  };
}

/** Two plain relays in a row, no encryption and no streams: what any forwarder of two Node processes costs at least. */
function bareNodeStarter(): Starter {
  return {
    name: 'two bare Node relays',
    kind: 'other',
    missing: undefined,
    start: async (processes, targetPort) => {
      const script = fileURLToPath(new URL('./relay.js', import.meta.url));
      let port = targetPort;
      for (const name of ['near relay', 'far relay']) {
        const listen = await freePort();
        const relay = processes.start(name, process.execPath, [script, String(listen), String(port)]);
        await waitUntilReady(name, () => portAccepts(listen), [relay], READY_TIMEOUT_MS);
        port = listen;
      }
      return { version: `Node ${process.version}, no encryption, the bound for its sockets`, port };
    },
  };
}

/** A real sshd on loopback with keys of its own, and `ssh -L` with the fastest common cipher. */
function sshStarter({ folder }: PeerContext): Starter {
  const sshd = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', 'sshd'].map(findProgram).find((file) => file);
  const ssh = findProgram('ssh');
  const keygen = findProgram('ssh-keygen');
  const missing = [!sshd && 'sshd', !ssh && 'ssh', !keygen && 'ssh-keygen'].filter(Boolean).join(', ');
  return {
    name: 'ssh -L',
    kind: 'ssh',
    missing: missing === '' ? undefined : `${missing} not installed (Debian: openssh-server, openssh-client)`,
    start: async (processes, targetPort) => {
      const hostKey = join(folder, 'host_key');
      const userKey = join(folder, 'user_key');
      for (const file of [hostKey, userKey]) {
        execFileSync(keygen!, ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
      }
      const user = userInfo();
      // The folder into which sshd's unprivileged part changes; a service manager would make it.
      if (user.uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
      const [port, localPort] = [await freePort(), await freePort()];
      const settings = [
        'ListenAddress=127.0.0.1',
        `AuthorizedKeysFile=${userKey}.pub`,
        'StrictModes=no',
        'UsePAM=no',
        'PidFile=none',
      ];
      const server = processes.start('sshd', sshd!, [
        '-D',
        '-e',
        ...['-f', '/dev/null', '-h', hostKey, '-p', String(port)],
        ...settings.flatMap((setting) => ['-o', setting]),
      ]);
      await waitUntilReady('sshd', () => portAccepts(port), [server], READY_TIMEOUT_MS);
      const client = processes.start('ssh', ssh!, [
        ...['-N', '-F', '/dev/null', '-c', 'aes128-gcm@openssh.com', '-i', userKey, '-p', String(port)],
        ...['-L', `127.0.0.1:${localPort}:127.0.0.1:${targetPort}`],
        ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
        ...['-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR'],
        `${user.username}@127.0.0.1`,
      ]);
      await waitUntilReady('ssh -L', () => probe(localPort), [client, server], READY_TIMEOUT_MS);
      return { version: versionOf(ssh!, ['-V']), port: localPort };
    },
  };
}

function goflywayStarter(): Starter {
  const program = findProgram('goflyway');
  return {
    name: 'goflyway -w',
    kind: 'other',
    missing: program ? undefined : 'goflyway is not on the PATH',
    start: async (processes, targetPort) => {
      const [port, localPort] = [await freePort(), await freePort()];
      const server = processes.start('goflyway server', program!, [`:${port}`, '-p', 'bench-key']);
      await waitUntilReady('goflyway server', () => portAccepts(port), [server], READY_TIMEOUT_MS);
      const forward = `${localPort}:127.0.0.1:${targetPort}`;
      const args = ['-w', '-L', forward, `127.0.0.1:${port}`, '-p', 'bench-key'];
      const client = processes.start('goflyway client', program!, args);
      await waitUntilReady('goflyway', () => probe(localPort), [client, server], READY_TIMEOUT_MS);
      return { version: 'v2', port: localPort };
    },
  };
}

function chiselStarter(): Starter {
  const program = findProgram('chisel');
  return {
    name: 'chisel',
    kind: 'other',
    missing: program ? undefined : 'chisel is not on the PATH',
    start: async (processes, targetPort) => {
      const [port, localPort] = [await freePort(), await freePort()];
      const auth = ['--auth', 'bench:key'];
      const listen = ['server', '--host', '127.0.0.1', '-p', String(port), ...auth];
      const server = processes.start('chisel server', program!, listen);
      await waitUntilReady('chisel server', () => portAccepts(port), [server], READY_TIMEOUT_MS);
      const forward = `127.0.0.1:${localPort}:127.0.0.1:${targetPort}`;
      const args = ['client', ...auth, `http://127.0.0.1:${port}`, forward];
      const client = processes.start('chisel client', program!, args);
      await waitUntilReady('chisel', () => probe(localPort), [client, server], READY_TIMEOUT_MS);
      return { version: versionOf(program!, ['--version']), port: localPort };
    },
  };
}

/** Starts a tb server on a port of its own and waits until it answers. */
export async function startTarget(processes: ProcessSet, tb: string): Promise<number> {
  const port = await freePort();
  const target = processes.start('tb serve', tb, ['serve', String(port)]);
  await waitUntilReady('tb serve', () => echoOnce(port, 1000), [target], READY_TIMEOUT_MS);
  return port;
}

/**
 * Brings up every peer, each before a target of its own, so that what one leaves behind cannot slow another.
 * Never rejects for a peer: what is absent or fails is said in its result.
 */
export async function startPeers(context: PeerContext): Promise<PeerStart[]> {
  const starters = [
    directStarter(),
    ...context.nodes.map((node) => culvertStarter(context, node)),
    sshStarter(context),
    bareNodeStarter(),
    goflywayStarter(),
    chiselStarter(),
  ];
  const results: PeerStart[] = [];
  for (const { name, kind, missing, start } of starters) {
    if (missing !== undefined) {
      // A Node that was asked for by name and is not there is a mistake, not a choice.
      results.push({ state: kind === 'culvert' ? 'failed' : 'skipped', name, kind, reason: missing });
      continue;
    }
    const processes = new ProcessSet();
    try {
      const target = await startTarget(processes, context.tb);
      results.push({ state: 'up', processes, peer: { name, kind, ...(await start(processes, target)) } });
    } catch (error) {
      await processes.stopAll();
      results.push({ state: 'failed', name, kind, reason: describeError(error) });
    }
  }
  return results;
}
