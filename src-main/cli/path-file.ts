import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { describeError, type PathMemory, quote, systemCode } from '../engine/index.ts';
import { KnownPaths, type PathTable } from '../host/known-paths.ts';
import { makeDirectory } from '../host/make-directory.ts';

/** A file of more is not ours. */
const MAX_FILE_BYTES = 256 << 10;

/** Where a client keeps what it learnt about its ways: the platform's place for a program's state. */
export function pathFile(env: NodeJS.ProcessEnv, platform = process.platform): string {
  const name = 'cli-paths.json';
  if (platform === 'win32')
    return join(env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'culvert', name);
  if (env.XDG_STATE_HOME) return join(env.XDG_STATE_HOME, 'culvert', name);
  return platform === 'darwin'
    ? join(homedir(), 'Library', 'Application Support', 'culvert', name)
    : join(homedir(), '.local', 'state', 'culvert', name);
}

/**
 * The memories of paths of all command lines of this user. Each look reads the file, and each change puts a whole new
 * one in its place; of two at the same moment one is lost, and learnt again. Nothing here ever fails: it is a help.
 */
export class PathFile implements PathTable {
  private readonly path: string;
  private readonly tell: (text: string) => void;
  /** Whoever cannot write now will not later, and it is said once. */
  private gaveUp = false;

  constructor(path: string, tell: (text: string) => void) {
    this.path = path;
    this.tell = tell;
  }

  get(id: string): PathMemory | undefined {
    return this.read().get(id);
  }

  put(id: string, memory: PathMemory): void {
    if (this.gaveUp) return;
    const known = this.read();
    // What cannot be read is not written over.
    if (this.gaveUp) return;
    known.put(id, memory);
    const temporary = `${this.path}.tmp-${process.pid}`;
    try {
      makeDirectory(dirname(this.path));
      // Of a process of the same number that was killed.
      remove(temporary);
      writeFileSync(temporary, `${JSON.stringify(known.toJson())}\n`, { mode: 0o600, flag: 'wx' });
      renameSync(temporary, this.path);
    } catch (error) {
      remove(temporary);
      this.giveUp(`what was learnt about the network is not kept: ${quote(this.path)}: ${reason(error)}`);
    }
  }

  private read(): KnownPaths {
    try {
      if (statSync(this.path).size <= MAX_FILE_BYTES) {
        const known = KnownPaths.read(JSON.parse(readFileSync(this.path, 'utf8')));
        if (known !== undefined) return known;
      }
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return new KnownPaths();
      if (systemCode(error) !== undefined) {
        this.giveUp(
          `what was learnt about the network cannot be read: ${quote(this.path)}: ${reason(error)}`,
        );
        return new KnownPaths();
      }
    }
    this.putAside();
    return new KnownPaths();
  }

  private giveUp(why: string): void {
    if (!this.gaveUp) this.tell(why);
    this.gaveUp = true;
  }

  /** One broken file is kept, the last one: there is nothing in it that could not be learnt again. */
  private putAside(): void {
    const aside = this.path.replace(/\.json$/, '.broken.json');
    try {
      renameSync(this.path, aside);
      this.tell(
        `${quote(this.path)} could not be read; it is now ${quote(aside)}, and the network is learnt anew`,
      );
    } catch (error) {
      this.giveUp(`${quote(this.path)} could not be read, nor renamed: ${reason(error)}`);
    }
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // What is wrong shows when it is written.
  }
}

function reason(error: unknown): string {
  return systemCode(error) ?? describeError(error);
}
