import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's top folder. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Paths of the files below `folder`, from the project's top, `/` between folders, sorted. None if it is absent. */
export function filesBelow(folder: string): readonly string[] {
  let entries: ReturnType<typeof list>;
  try {
    entries = list(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}

function list(folder: string) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
}

/** Text by path of the TypeScript below the folders. */
export function sourcesBelow(...folders: readonly string[]): ReadonlyMap<string, string> {
  const paths = folders.flatMap(filesBelow).filter((path) => /\.[cm]?tsx?$/.test(path));
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}
