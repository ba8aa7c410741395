import { chmodSync, copyFileSync, linkSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Conf from 'conf';
import { systemCode } from '../engine/index.ts';
import { HostError } from './failures.ts';
import { makeDirectory } from './make-directory.ts';

/** A JSON file that is written whole and at once. */
export interface JsonFile {
  readonly path: string;
  /** Throws when it cannot be written; the old content is there then. */
  write(value: object): void;
}
/** Opens `<name>.json` in the data directory. Called once the file is known to be readable or absent. */
export type OpenJsonFile = (name: string) => JsonFile;

type Store = Conf<Record<string, unknown>>;

/** A temporary file, flushed, then renamed; 0600. One format, whether `conf` writes it or `electron-store`. */
export function storeOptions(directory: string) {
  return {
    cwd: directory,
    configFileMode: 0o600,
    accessPropertiesByDotNotation: false,
    serialize: (value: Record<string, unknown>): string => `${JSON.stringify(value, undefined, 1)}\n`,
  };
}

/** The files of a store, made when they are first written. */
export function storeFiles(make: (name: string) => Pick<Store, 'path' | 'store'>): OpenJsonFile {
  return (name) => {
    const store = make(name);
    return {
      path: store.path,
      write: (value) => {
        store.store = { ...value };
      },
    };
  };
}

/** Those of a host without Electron. */
export function confFiles(directory: string): OpenJsonFile {
  return storeFiles(
    (name) => new Conf<Record<string, unknown>>({ ...storeOptions(directory), configName: name }),
  );
}

/** Where a document's content came from. */
export type Origin = 'none' | 'file' | 'lastGood' | 'salvaged';

export interface Loaded<T> {
  readonly value: T | undefined;
  readonly origin: Origin;
  /** Where the broken file was put, when there was one. */
  readonly setAside: string | undefined;
}

/** What a check makes of parsed JSON: all of it, what can be saved of it, or nothing. */
export type Checked<T> =
  | { readonly kind: 'good'; readonly value: T }
  | { readonly kind: 'partly'; readonly value: T }
  | { readonly kind: 'bad' };

/**
 * One JSON file with its last good copy beside it:
 *
 * ```
 * config.json            the content; replaced by a rename, so that it is always complete
 * config.last.json       the content before the last save
 * config.broken-….json   set aside because it could not be read; never removed
 * ```
 */
export class JsonDocument<T extends object> {
  readonly path: string;
  private readonly lastPath: string;
  private readonly check: (value: unknown) => Checked<T>;
  private readonly open: () => JsonFile;
  private file: JsonFile | undefined;

  constructor(directory: string, name: string, files: OpenJsonFile, check: (value: unknown) => Checked<T>) {
    this.path = join(directory, `${name}.json`);
    this.lastPath = join(directory, `${name}.last.json`);
    this.check = check;
    this.open = () => files(name);
    makeDirectory(directory);
    chmodSync(directory, 0o700);
    this.sweep();
  }

  /** Reads it. A file that is not what it should be is set aside, and the last good copy or its good parts are used. */
  load(): Loaded<T> {
    const text = readText(this.path);
    if (text === undefined) return { value: undefined, origin: 'none', setAside: undefined };
    const checked = this.read(text);
    if (checked.kind === 'good') return { value: checked.value, origin: 'file', setAside: undefined };
    const setAside = this.putAside('broken');
    if (checked.kind === 'partly') return { value: checked.value, origin: 'salvaged', setAside };
    const last = this.read(readText(this.lastPath) ?? '');
    if (last.kind === 'bad') return { value: undefined, origin: 'none', setAside };
    return { value: last.value, origin: 'lastGood', setAside };
  }

  /** Throws ERR_STORE when it cannot be written. */
  save(value: T): void {
    try {
      this.keepLast();
      this.file ??= this.open();
      this.file.write(value);
    } catch (error) {
      throw new HostError('ERR_STORE', `${this.path} could not be written (${systemCode(error) ?? error})`, {
        remedy: 'look for a full disk, or for a directory that this user may not write to',
        details: { subject: this.path },
      });
    }
  }

  private read(text: string): Checked<T> {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return { kind: 'bad' };
    }
    return this.check(value);
  }

  /** Renames the file, for what is saved next not to replace it: `config.broken-….json`. Answers its new path. */
  putAside(why: 'broken' | 'unreadable'): string {
    const stamp = new Date().toISOString().replace(/[:.]/g, '-');
    const aside = this.path.replace(/\.json$/, `.${why}-${stamp}.json`);
    renameSync(this.path, aside);
    return aside;
  }

  /** The file as it is becomes the last good copy: by a link, as a save puts another file in its place. */
  private keepLast(): void {
    const temporary = `${this.lastPath}.tmp-${process.pid}`;
    try {
      rmSync(temporary, { force: true });
      try {
        linkSync(this.path, temporary);
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return;
        // No links on this file system.
        copyFileSync(this.path, temporary);
        chmodSync(temporary, 0o600);
      }
      renameSync(temporary, this.lastPath);
    } catch {
      // The copy is a second safety; without it a save is still whole.
    }
  }

  /** Removes what a process that was killed while saving left behind. */
  private sweep(): void {
    const directory = dirname(this.path);
    const name = basename(this.path, '.json');
    for (const entry of readdirSync(directory)) {
      const temporary = entry.startsWith(`${name}.json.tmp-`) || entry.startsWith(`${name}.last.json.tmp-`);
      if (temporary) rmSync(join(directory, entry), { force: true });
    }
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw new HostError('ERR_STORE', `${path} cannot be read (${systemCode(error) ?? error})`, {
      details: { subject: path },
    });
  }
}
