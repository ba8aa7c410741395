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

/** The functions of those names; undefined where one of them cannot be had. Never rejects. */
export async function foreignFunctions<Name extends string>(
  signatures: Readonly<Record<Name, Signature>>,
): Promise<Record<Name, ForeignFunction> | undefined> {
  if (process.versions.electron !== undefined || process.env.CULVERT_NATIVE === '0') return undefined;
  try {
    const { default: koffi } = await import('koffi');
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
