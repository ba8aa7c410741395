/**
 * Functions of C libraries that this process has loaded, by way of koffi, a foreign function interface and an optional
 * dependency. What is built on them has to have another way: koffi may be missing, and Electron does without.
 */

export type ForeignFunction = (...values: unknown[]) => unknown;

/** C's `result name(parameters)`. */
export interface Signature {
  readonly result: string;
  readonly parameters: readonly string[];
}

/** A descriptor in Node's event loop (libuv's uv_poll_t); it keeps the loop alive unless `unref` was called. */
export interface PollHandle {
  /** Calls `onReadable` from the loop, outside of what Node calls a turn: nothing but `setImmediate` belongs there. */
  start(onReadable: () => void): void;
  stop(): void;
  ref(): void;
  unref(): void;
}

/** What koffi knows beside functions. */
export interface ForeignRuntime {
  /** Of the last call. */
  errno(): number;
  poll(fd: number, onReadable: () => void): PollHandle;
  /** Of memory that does not move. */
  addressOf(memory: Buffer): number;
}

async function importKoffi(): Promise<typeof import('koffi')['default'] | undefined> {
  if (process.versions.electron !== undefined || process.env.CULVERT_NATIVE === '0') return undefined;
  try {
    return (await import('koffi')).default;
  } catch {
    return undefined;
  }
}

/** The functions of those names; undefined where one of them cannot be had. Never rejects. */
export async function foreignFunctions<Name extends string>(
  signatures: Readonly<Record<Name, Signature>>,
): Promise<Record<Name, ForeignFunction> | undefined> {
  const koffi = await importKoffi();
  if (koffi === undefined) return undefined;
  try {
    const library = koffi.load(null);
    const found: Partial<Record<Name, ForeignFunction>> = {};
    for (const name of Object.keys(signatures) as Name[]) {
      const { result, parameters } = signatures[name];
      found[name] = library.func(name, result, [...parameters]);
    }
    return found as Record<Name, ForeignFunction>;
  } catch {
    return undefined;
  }
}

/** Undefined where it cannot be had. Never rejects. */
export async function foreignRuntime(): Promise<ForeignRuntime | undefined> {
  const koffi = await importKoffi();
  // Undocumented yet in koffi 3: another version may have moved it.
  if (typeof koffi?.node?.poll !== 'function' || typeof koffi.errno !== 'function') return undefined;
  return {
    errno: () => koffi.errno(),
    poll: (fd, onReadable) => koffi.node.poll(fd, onReadable),
    addressOf: (memory) => Number(koffi.address(memory)),
  };
}
