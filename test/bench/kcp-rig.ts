import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CulvertError } from '../../src-main/engine/base/errors.ts';
import type { Managed, ProcessSet } from './processes.ts';
import { culvertBin, projectRoot, waitUntilReady } from './rig.ts';

export const NEAR = '10.77.0.1';
export const FAR = '10.77.0.2';
const READY_MS = 10_000;

/** What the link between the two ends is like. */
export interface LinkShape {
  readonly mbits: number;
  readonly delayMs: number;
  readonly queueMs: number;
  readonly lossPercent: number;
  readonly seed: number;
}

export interface LinkBytes {
  readonly up: number;
  readonly down: number;
}

/** Compiles a C source of this folder, with others. */
export async function compile(
  processes: ProcessSet,
  folder: string,
  name: string,
  extra: readonly string[] = [],
): Promise<string> {
  const program = join(folder, name);
  const source = join(projectRoot(), 'test', 'bench', `${name}.c`);
  const include = extra.map((file) => `-I${dirname(file)}`);
  const cc = processes.start('cc', process.env.CC ?? 'cc', [
    '-O2',
    ...include,
    '-o',
    program,
    source,
    ...extra,
  ]);
  const exit = await cc.ended;
  if (exit.code === 0) return program;
  throw new CulvertError('ERR_INTERNAL', `cannot compile ${source}: ${exit.text} ${cc.tail()}`, {
    remedy: 'install a C compiler (Debian: apt-get install gcc libc6-dev)',
  });
}

/** Why a link cannot be made here, or undefined. */
export function linkMissing(): string | undefined {
  if (process.platform !== 'linux') return 'the link needs Linux';
  if (process.getuid?.() !== 0) return 'the link needs root, for its network namespaces';
  return existsSync('/dev/net/tun') ? undefined : 'the link needs /dev/net/tun';
}

/** A link of `link.c` and the processes at its two ends. */
export class Link {
  private readonly processes: ProcessSet;
  private readonly link: Managed;
  private readonly pids: { near: string; far: string };

  private constructor(processes: ProcessSet, link: Managed, pids: { near: string; far: string }) {
    this.processes = processes;
    this.link = link;
    this.pids = pids;
  }

  static async open(processes: ProcessSet, program: string, shape: LinkShape): Promise<Link> {
    const args = [shape.mbits, shape.delayMs, shape.queueMs, shape.lossPercent, shape.seed].map(String);
    const link = processes.start('link', program, args);
    const ready = /ready near=(\d+) far=(\d+)/;
    await waitUntilReady('link', async () => ready.test(link.output), [link], READY_MS);
    const [, near, far] = ready.exec(link.output) ?? [];
    return new Link(processes, link, { near, far });
  }

  /** Starts a program at one end. */
  start(end: 'near' | 'far', name: string, file: string, args: ReadonlyArray<string | number>): Managed {
    const words = [`--net=/proc/${this.pids[end]}/ns/net`, file, ...args.map(String)];
    return this.processes.start(name, 'nsenter', words);
  }

  /** Bytes given to the link so far, with all headers. */
  async bytes(): Promise<LinkBytes> {
    const count = (this.link.output.match(/^stats /gm) ?? []).length;
    this.link.signal('SIGUSR1');
    const next = new RegExp(`^stats ${count + 1} up=(\\d+) down=(\\d+)`, 'm');
    await waitUntilReady('link', async () => next.test(this.link.output), [this.link], READY_MS);
    const [, up, down] = next.exec(this.link.output) ?? [];
    return { up: Number(up), down: Number(down) };
  }

  async close(): Promise<void> {
    await this.link.stop();
  }
}

export interface EndOptions {
  readonly key: string;
  readonly targetPort: number;
}

/** A server at the far end that takes KCP and WebSocket. */
export function startFarServer(link: Link, port: number, { key }: EndOptions): Managed {
  const args = [culvertBin(), '-K', '-W', '16m', `${FAR}:${port}`, '-p', key];
  return link.start('far', 'culvert server', process.execPath, args);
}

/** A client at the near end; its forward leads to the target at the far one. */
export async function startNearClient(
  link: Link,
  way: '-K' | '-w',
  server: number,
  local: number,
  { key, targetPort }: EndOptions,
): Promise<Managed> {
  const forward = `127.0.0.1:${local}:127.0.0.1:${targetPort}`;
  const args = [culvertBin(), way, '-W', '16m', '-L', forward, `${FAR}:${server}`, '-p', key];
  const client = link.start('near', `culvert ${way}`, process.execPath, args);
  await waitUntilReady('culvert', async () => /connected: /.test(client.output), [client], READY_MS);
  return client;
}
