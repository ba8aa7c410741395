import { createHash } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { type PathMemory, readPathMemory } from '../engine/index.ts';
import { networkFingerprint } from './network-fingerprint.ts';

/** Paths that are remembered; of more, those that were of use longest ago go. */
export const MAX_PATHS = 128;

/** Where memories of paths are kept, by `pathId`. */
export interface PathTable {
  get(id: string): PathMemory | undefined;
  put(id: string, memory: PathMemory): void;
}

/** Memories of paths, as they stand in a file: those that are not believed any more are left out when read. */
export class KnownPaths implements PathTable {
  private readonly paths = new Map<string, PathMemory>();

  /** Undefined: it is not what `toJson` makes. `now`: wall clock, ms. */
  static read(value: unknown, now = Date.now()): KnownPaths | undefined {
    if (typeof value !== 'object' || value === null) return undefined;
    const { version, paths }: { version?: unknown; paths?: unknown } = value;
    if (version !== 1 || typeof paths !== 'object' || paths === null) return undefined;
    const known = new KnownPaths();
    for (const [id, memory] of Object.entries(paths)) {
      const read = readPathMemory(memory, now);
      if (read !== undefined) known.put(id, read);
    }
    return known;
  }

  /** As of `now`: what has become too old meanwhile is not given. */
  get(id: string, now = Date.now()): PathMemory | undefined {
    return readPathMemory(this.paths.get(id), now);
  }

  put(id: string, memory: PathMemory): void {
    this.paths.set(id, memory);
    if (this.paths.size <= MAX_PATHS) return;
    const oldest = [...this.paths].reduce((a, b) => (b[1].at < a[1].at ? b : a));
    this.paths.delete(oldest[0]);
  }

  toJson(): { version: 1; paths: Record<string, PathMemory> } {
    return { version: 1, paths: Object.fromEntries(this.paths) };
  }
}

/**
 * The name of a way to a server in a network. A digest: a file of them does not tell who was where, and when, at a
 * glance; it is no secret for who guesses.
 */
export function pathId(way: readonly unknown[], network: string): string {
  return createHash('sha256')
    .update(JSON.stringify([way, network]))
    .digest('base64url')
    .slice(0, 22);
}

/** What has become of a memory is kept at least this often while nothing in it changes, ms. */
const REFRESH_MS = 5 * 60_000;

/** What one client knows of its way to the server: recalled by the network it is in, and kept for the next. */
export class PathKeeper {
  private readonly table: PathTable;
  private readonly way: readonly unknown[];
  private readonly look: () => string;
  /** The network that the client's memory is of; undefined = it has none. */
  private network: string | undefined;
  private kept: PathMemory | undefined;

  /** `way`: all that tells one path from another but the network. */
  constructor(table: PathTable, way: readonly unknown[], look: () => string = thisNetwork) {
    this.table = table;
    this.way = way;
    this.look = look;
  }

  /** For `ClientOptions.recallPath`. */
  readonly recall = (): PathMemory | undefined => {
    this.network = this.look();
    this.kept = this.table.get(pathId(this.way, this.network));
    return this.kept;
  };

  /** To be called now and then, and before the client ends, with `Client.pathMemory`. */
  keep(memory: PathMemory | undefined): void {
    const { network, kept } = this;
    if (memory === undefined || network === undefined) return;
    if (kept !== undefined && sameBut(kept, memory) && memory.at - kept.at < REFRESH_MS) return;
    // Another network than the one it was learnt in: the client has not heard of that yet.
    if (this.look() !== network) return;
    this.kept = memory;
    this.table.put(pathId(this.way, network), memory);
  }
}

function sameBut({ at: _, ...a }: PathMemory, { at: __, ...b }: PathMemory): boolean {
  return JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
}

function thisNetwork(): string {
  try {
    return networkFingerprint(networkInterfaces());
  } catch {
    // Some systems refuse to list interfaces.
    return '';
  }
}
