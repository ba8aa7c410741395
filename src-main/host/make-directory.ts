import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { systemCode } from '../engine/index.ts';

/**
 * Makes a directory with those above it, for this user alone. Throws the system's errors.
 *
 * Not by `mkdirSync` with `recursive`: where making an entry in a directory that is there gives ENOENT, as below /proc,
 * that goes round and round without end (Node 20).
 */
export function makeDirectory(directory: string): void {
  const missing: string[] = [];
  for (let at = resolve(directory); !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.push(at);
  for (const each of missing.reverse()) makeOne(each);
  if (!statSync(directory).isDirectory()) mkdirSync(directory);
}

/** Another process may make it at the same time. */
function makeOne(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}
