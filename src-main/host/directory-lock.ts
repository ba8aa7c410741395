import { createHash } from 'node:crypto';
import { chmodSync, realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeError, systemCode } from '../engine/index.ts';
import { HostError } from './failures.ts';
import { makeDirectory } from './make-directory.ts';

export interface DirectoryLock {
  release(): Promise<void>;
}

/** Longest path of a local socket on every system (macOS has 104 bytes, with the final 0). */
const MAX_SOCKET_PATH = 100;
const ANSWER_MS = 1_000;

/**
 * Two hosts in one directory would undo each other's saves: the second is refused with ERR_STORE. The lock is a local
 * socket that nobody talks by: the system takes it back from a process that was killed, which a file with a number in
 * it would not.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  try {
    makeDirectory(directory);
  } catch (error) {
    throw unusable(directory, error);
  }
  const path = socketPath(realpathSync(directory));
  for (let attempt = 0; ; attempt++) {
    const server = createServer((socket) => socket.destroy());
    try {
      await listen(server, path);
      if (process.platform !== 'win32') chmodSync(path, 0o600);
      server.unref();
      return { release: () => new Promise((resolve) => server.close(() => resolve())) };
    } catch (error) {
      const code = systemCode(error);
      if (code !== 'EADDRINUSE') throw unusable(directory, error);
      if (attempt > 0 || (await isAnswered(path))) {
        throw new HostError('ERR_STORE', `another Culvert uses ${directory} (${code})`, {
          remedy: 'end that one first, or choose another directory: culvert ui --data DIR',
          details: { subject: directory.slice(-512) },
        });
      }
      // Left by a process that was killed.
      rmSync(path, { force: true });
    }
  }
}

function unusable(directory: string, error: unknown): HostError {
  const why = systemCode(error) ?? describeError(error);
  return new HostError('ERR_STORE', `the directory ${directory} cannot be made or written (${why})`, {
    remedy: 'choose one that can: culvert ui --data DIR',
    details: { subject: directory.slice(-512) },
  });
}

function socketPath(directory: string): string {
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 24);
  if (process.platform === 'win32') return `\\\\.\\pipe\\culvert-${name}`;
  const beside = join(directory, 'lock.sock');
  return Buffer.byteLength(beside) <= MAX_SOCKET_PATH ? beside : join(tmpdir(), `culvert-${name}.sock`);
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve());
  });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const over = (answered: boolean) => (): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(ANSWER_MS, over(true));
    socket.once('connect', over(true));
    socket.once('error', over(false));
  });
}
