import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectory } from '../host/make-directory.ts';
import type { PlaceFile } from './window-place.ts';

/** The window's place on disk. It is of no importance: whatever is wrong with it, the window opens somewhere. */
export function placeFile(path: string): PlaceFile {
  return {
    read: () => {
      try {
        return JSON.parse(readFileSync(path, 'utf8'));
      } catch {
        return undefined;
      }
    },
    write: (place) => {
      try {
        makeDirectory(dirname(path));
        writeFileSync(path, JSON.stringify(place), { mode: 0o600 });
      } catch {
        // As above.
      }
    },
  };
}
