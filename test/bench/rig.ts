import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CulvertError, describeError } from '../../src-main/engine/base/errors.ts';
import type { Managed, ProcessSet } from './processes.ts';

const HOST = '127.0.0.1';

/** The checkout: the nearest folder above this file whose package.json is Culvert's. */
export function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const file = join(folder, 'package.json');
    if (existsSync(file) && /"name":\s*"culvert"/.test(readFileSync(file, 'utf8'))) return folder;
    const parent = dirname(folder);
    if (parent === folder)
      throw new CulvertError('ERR_INTERNAL', 'no package.json of culvert above this file');
    folder = parent;
  }
}

/**
 * A compiled module that is run as a process of its own. Under a test runner that executes the sources, the
 * output of `npm run build` is used: Node 20 cannot run TypeScript.
 * @param name path below `test`, without extension, such as `stress/echo-server`
 */
export function compiledModule(name: string): string {
  const here = fileURLToPath(import.meta.url);
  const file = here.endsWith('.js')
    ? join(dirname(here), '..', `${name}.js`)
    : join(projectRoot(), 'out', 'test', `${name}.js`);
  if (!existsSync(file)) {
    throw new CulvertError('ERR_INTERNAL', `${file} is missing`, { remedy: 'run `npm run build` first' });
  }
  return file;
}

/** The built command line; `CULVERT_BIN` names another. */
export function culvertBin(): string {
  const file = process.env.CULVERT_BIN ?? join(projectRoot(), 'out', 'src-main', 'cli', 'culvert.js');
  if (!existsSync(file)) {
    throw new CulvertError('ERR_INTERNAL', `${file} is missing`, { remedy: 'run `npm run build` first' });
  }
  return file;
}

/** The full path of a program on the PATH (or of `name` itself when it is a path), or undefined. */
export function findProgram(name: string): string | undefined {
  if (name.includes('/')) return existsSync(name) ? name : undefined;
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

/**
 * A free TCP port on loopback, below the range from which systems take the ports of outgoing connections, so
 * that none of those can take it between here and its use.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const free = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen(port, HOST, () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
  throw new CulvertError('ERR_PORT_IN_USE', 'no free port found on 127.0.0.1 between 20000 and 32000');
}

/** A temporary folder, removed by `remove`. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'culvert-bench-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * Compiles a tool of this folder: the load tool, unless another is named.
 * @returns the path of the program
 * @throws {CulvertError} ERR_INTERNAL when there is no C compiler or it fails
 */
export async function buildTb(processes: ProcessSet, folder: string, name = 'tb'): Promise<string> {
  const program = join(folder, name);
  const source = join(projectRoot(), 'test', 'bench', `${name}.c`);
  const cc = processes.start('cc', process.env.CC ?? 'cc', ['-O2', '-pthread', '-o', program, source]);
  const exit = await cc.ended;
  if (exit.code !== 0) {
    throw new CulvertError('ERR_INTERNAL', `cannot compile ${source}: ${exit.text} ${cc.tail()}`, {
      remedy: 'install a C compiler (Debian: apt-get install gcc libc6-dev)',
    });
  }
  return program;
}

/** Whether a connection to the port is accepted. Never rejects. */
export function portAccepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port });
    const finish = (accepted: boolean): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.on('connect', () => finish(true));
    socket.on('error', () => finish(false));
  });
}

/** One try: connects, asks tb's server for echo mode, and compares one round trip. Never rejects. */
export function echoOnce(port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port });
    const finish = (good: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(good);
    };
    const timer = setTimeout(() => finish(false), timeoutMs);
    let got = '';
    socket.setEncoding('latin1');
    socket.on('connect', () => socket.write('Eready'));
    socket.on('data', (text: string) => {
      got += text;
      if (got.length >= 5) finish(got === 'ready');
    });
    socket.on('error', () => finish(false));
    socket.on('close', () => finish(false));
  });
}

/**
 * Waits until `probe` succeeds, trying again every 50 ms.
 * @param needed processes that must not end meanwhile
 * @throws {CulvertError} ERR_INTERNAL with the last output of the process that ended, or of all at the deadline
 */
export async function waitUntilReady(
  what: string,
  probe: () => Promise<boolean>,
  needed: readonly Managed[],
  timeoutMs: number,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const good = await probe().catch((error: unknown) => {
      throw new CulvertError('ERR_INTERNAL', `${what}: ${describeError(error)}`);
    });
    if (good) return;
    for (const each of needed) {
      if (each.exited !== undefined) {
        throw new CulvertError('ERR_INTERNAL', `${what}: ${each.name} ${each.exited.text}\n${each.tail()}`);
      }
    }
    if (performance.now() > deadline) {
      const said = needed.map((each) => `${each.name} said:\n${each.tail()}`).join('\n');
      throw new CulvertError('ERR_INTERNAL', `${what}: not ready within ${timeoutMs / 1000} s\n${said}`);
    }
    await pause(50);
  }
}
