import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root, vite } from './steps.mjs';

/** What the page is made of: folders and files from the top. */
const SOURCES = ['src-renderer', 'src-shared', 'vite.config.ts', 'package-lock.json'];
const STAMP = join(root, 'out/.cache/page.stamp');
const PAGE = join(root, 'out/renderer/index.html');

/**
 * A name for the state of the sources, by size and time: quicker than to read them all.
 *
 * @returns {string}
 */
function stampOfSources() {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    const path = join(root, source);
    if (!existsSync(path)) continue;
    const entries = statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true, encoding: 'utf8' }).sort()
      : [''];
    for (const entry of entries) {
      const { size, mtimeMs } = statSync(join(path, entry));
      hash.update(`${source}/${entry} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest('hex');
}

/**
 * Builds the page with vite, unless nothing of it has changed.
 *
 * @returns {Promise<number>} the exit code
 */
export async function buildPage() {
  if (!existsSync(join(root, 'vite.config.ts'))) return 0;
  const stamp = stampOfSources();
  const built = existsSync(PAGE) && existsSync(STAMP) ? readFileSync(STAMP, 'utf8') : '';
  if (built === stamp) return 0;
  const code = await vite(['build', '--logLevel', 'error']);
  if (code === 0) {
    mkdirSync(dirname(STAMP), { recursive: true });
    writeFileSync(STAMP, stamp);
  }
  return code;
}
