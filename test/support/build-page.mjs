import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { whenChanged } from './stamp.mjs';
import { root, vite } from './steps.mjs';

/** What the page is made of. */
const SOURCES = ['src-renderer', 'src-shared', 'vite.config.ts', 'package-lock.json'];

/**
 * Builds the page with vite, unless nothing of it has changed.
 *
 * @returns {Promise<number>} the exit code
 */
export async function buildPage() {
  if (!existsSync(join(root, 'vite.config.ts'))) return 0;
  return whenChanged('out/renderer/index.html', SOURCES, () => vite(['build', '--logLevel', 'error']));
}
