import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename, win32 } from 'node:path';
import { systemClock } from './clock.ts';

export type PortProtocol = 'tcp' | 'udp';

/** A process that holds a local port. `name` is printable and at most `PORT_OWNER_NAME_CHARS` long. */
export interface PortOwner {
  readonly pid: number;
  readonly name: string;
}

/** The longest a search may take, ms. */
export const PORT_OWNER_TIMEOUT_MS = 2_000;
/** The longest process name given, in code points. */
export const PORT_OWNER_NAME_CHARS = 64;
/** The most read from one table or command, bytes: about 25,000 sockets. Linux lists TCP listeners first. */
const LISTING_BYTES = 4 * 1024 * 1024;
/** Processes, and descriptors of each, that are looked at side by side. */
const PIDS_AT_A_TIME = 16;
const LINKS_AT_A_TIME = 64;

/**
 * Names the process that holds a listening local port, for example `nginx (pid 1234)`.
 * Undefined where the system does not tell: nobody listens, another user's process, an unknown platform,
 * no answer within `PORT_OWNER_TIMEOUT_MS`. Never rejects.
 */
export async function describePortOwner(
  port: number,
  protocol: PortProtocol = 'tcp',
): Promise<string | undefined> {
  const owner = await findPortOwner(port, protocol);
  return owner && `${owner.name} (pid ${owner.pid})`;
}

/** As `describePortOwner`, in parts. Of several holders (a forked server) the one with the lowest pid on Linux. */
export async function findPortOwner(
  port: number,
  protocol: PortProtocol = 'tcp',
): Promise<PortOwner | undefined> {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  const abort = new AbortController();
  const { signal } = abort;
  const late = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const timer = systemClock.after(PORT_OWNER_TIMEOUT_MS, () => abort.abort());
  try {
    const owner = await Promise.race([search(port, protocol, signal), late]);
    const name = owner && printable(owner.name);
    return owner && name ? { pid: owner.pid, name } : undefined;
  } catch {
    return undefined;
  } finally {
    timer.cancel();
  }
}

async function search(
  port: number,
  protocol: PortProtocol,
  signal: AbortSignal,
): Promise<PortOwner | undefined> {
  switch (process.platform) {
    case 'linux':
      return searchLinux(port, protocol, signal);
    case 'darwin':
      return searchMac(port, protocol, signal);
    case 'win32':
      return searchWindows(port, protocol, signal);
    default:
      return undefined;
  }
}

// Linux: socket tables and descriptor links of procfs, proc_pid_fd(5) and proc_pid_net(5).

async function searchLinux(
  port: number,
  protocol: PortProtocol,
  signal: AbortSignal,
): Promise<PortOwner | undefined> {
  const tables = await Promise.all(
    [protocol, `${protocol}6`].map((table) => readTable(`/proc/net/${table}`, signal)),
  );
  const inodes = tables.flatMap((text) => parseProcNet(text, port, protocol));
  if (inodes.length === 0) return undefined;
  const links = new Set(inodes.map((inode) => `socket:[${inode}]`));
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  pids.sort((a, b) => a - b);
  // Side by side, or on a busy machine the thousands of waits would use up the time that there is.
  for (let at = 0; at < pids.length && !signal.aborted; at += PIDS_AT_A_TIME) {
    const some = pids.slice(at, at + PIDS_AT_A_TIME);
    const found = await Promise.all(some.map((pid) => holdsLink(pid, links, signal)));
    const holder = some[found.indexOf(true)];
    if (holder !== undefined) return { pid: holder, name: await linuxName(holder) };
  }
  return undefined;
}

/**
 * The inodes of the sockets that hold `port` in the text of /proc/net/{tcp,tcp6,udp,udp6}: for TCP those in
 * state LISTEN (0A), for UDP all. An inode of 0 belongs to no process and is left out.
 */
export function parseProcNet(text: string, port: number, protocol: PortProtocol): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const inodes: string[] = [];
  for (const line of text.split('\n')) {
    // slot, local, remote, state, tx:rx queues, timer, retransmits, uid, timeout, inode, …
    const columns = line.trim().split(/\s+/);
    const [, local = '', , state] = columns;
    const inode = columns[9] ?? '';
    if (!local.endsWith(suffix) || !/^[1-9]\d*$/.test(inode)) continue;
    if (protocol === 'udp' || state === '0A') inodes.push(inode);
  }
  return inodes;
}

async function readTable(path: string, signal: AbortSignal): Promise<string> {
  let text = '';
  try {
    const stream = createReadStream(path, { encoding: 'latin1', end: LISTING_BYTES - 1, signal });
    for await (const chunk of stream) text += chunk;
  } catch {
    // No such table (IPv6 is off), or out of time: what was read still counts.
  }
  return wholeLines(text);
}

async function holdsLink(pid: number, links: ReadonlySet<string>, signal: AbortSignal): Promise<boolean> {
  try {
    const names = await readdir(`/proc/${pid}/fd`);
    for (let at = 0; at < names.length && !signal.aborted; at += LINKS_AT_A_TIME) {
      const some = names.slice(at, at + LINKS_AT_A_TIME);
      const found = await Promise.all(
        some.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')),
      );
      if (found.some((link) => links.has(link))) return true;
    }
  } catch {
    // Another user's process, or it has ended.
  }
  return false;
}

async function linuxName(pid: number): Promise<string> {
  const name = (await readFile(`/proc/${pid}/comm`, 'utf8')).trim();
  // Runtimes that name their threads name the first one too (Node 24 does), which hides the program's name.
  if (!name.endsWith('MainThread')) return name;
  const program = await readlink(`/proc/${pid}/exe`).catch(() => name);
  return basename(program).replace(/ \(deleted\)$/, '');
}

// macOS: lsof(8), "OUTPUT FOR OTHER PROGRAMS".

async function searchMac(
  port: number,
  protocol: PortProtocol,
  signal: AbortSignal,
): Promise<PortOwner | undefined> {
  const filter = protocol === 'tcp' ? [`-iTCP:${port}`, '-sTCP:LISTEN'] : [`-iUDP:${port}`];
  const text = await run('/usr/sbin/lsof', ['-nP', '+c', '0', ...filter, '-Fpcn'], signal);
  return parseLsof(text, port);
}

/**
 * The first process in the output of `lsof -nP -i… -Fpcn` with a socket whose local port is `port`. The
 * addresses are looked at because `-i` also matches the remote port of a connected UDP socket.
 */
export function parseLsof(text: string, port: number): PortOwner | undefined {
  let pid = 0;
  let name = '';
  for (const line of text.split('\n')) {
    const value = line.slice(1);
    if (line.startsWith('p')) {
      pid = Number(value);
      name = '';
    } else if (line.startsWith('c')) {
      name = value.replace(/(?:\\x[0-9a-f]{2})+/gi, (run) =>
        Buffer.from(run.replaceAll('\\x', ''), 'hex').toString(),
      );
    } else if (line.startsWith('n') && value.split('->')[0].endsWith(`:${port}`)) {
      if (pid > 0 && name) return { pid, name };
    }
  }
  return undefined;
}

// Windows: netstat gives the pid, tasklist its image name.

async function searchWindows(
  port: number,
  protocol: PortProtocol,
  signal: AbortSignal,
): Promise<PortOwner | undefined> {
  const tool = (name: string) => win32.join(process.env.SystemRoot ?? 'C:\\Windows', 'System32', name);
  const table = protocol.toUpperCase();
  const listings = await Promise.all(
    [table, `${table}v6`].map((name) => run(tool('netstat.exe'), ['-ano', '-p', name], signal)),
  );
  const pid = parseNetstat(listings.join('\n'), port, protocol);
  if (pid === undefined || signal.aborted) return undefined;
  const tasks = await run(tool('tasklist.exe'), ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH'], signal);
  const name = parseTasklist(tasks, pid);
  return name === undefined ? undefined : { pid, name };
}

/**
 * The pid that holds `port` in the output of `netstat -ano`. A TCP listener is known by its remote port 0:
 * the word for its state is translated on a localised Windows.
 */
export function parseNetstat(text: string, port: number, protocol: PortProtocol): number | undefined {
  for (const line of text.split('\n')) {
    const columns = line.trim().split(/\s+/);
    const [kind, local = '', remote = ''] = columns;
    const pid = columns.at(-1) ?? '';
    if (kind.toLowerCase() !== protocol || !local.endsWith(`:${port}`) || !/^[1-9]\d*$/.test(pid)) continue;
    if (protocol === 'udp' || remote.endsWith(':0')) return Number(pid);
  }
  return undefined;
}

/** The image name of `pid` in the output of `tasklist /FO CSV /NH`; undefined when it is not listed. */
export function parseTasklist(text: string, pid: number): string | undefined {
  for (const line of text.split('\n')) {
    const match = /^"([^"]+)","(\d+)"/.exec(line);
    if (match && Number(match[2]) === pid) return match[1];
  }
  return undefined;
}

/** What a command prints, whatever its exit code: lsof reports 1 also when only some of its work failed. */
function run(file: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    const options = { signal, killSignal: 'SIGKILL', maxBuffer: LISTING_BYTES, windowsHide: true } as const;
    execFile(file, args, options, (_error, stdout) => resolve(wholeLines(stdout)));
  });
}

/** Without a last line that was cut: half a number would name the wrong process. */
function wholeLines(text: string): string {
  return text.slice(0, text.lastIndexOf('\n') + 1);
}

/** A process chooses its own name: no control characters may reach a terminal or a log through it. */
function printable(name: string): string {
  return Array.from(name.trim().replace(/\p{C}/gu, '?')).slice(0, PORT_OWNER_NAME_CHARS).join('');
}
