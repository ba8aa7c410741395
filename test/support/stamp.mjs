import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './steps.mjs';

/**
 * A name for the state of sources, by size and time: quicker than to read them all.
 *
 * @param {readonly string[]} sources folders and files from the top
 * @returns {string}
 */
function stampOf(sources) {
  const hash = createHash('sha256');
  for (const source of sources) {
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
 * Makes a file of its sources, unless nothing of them has changed since.
 *
 * @param {string} made the file, from the top
 * @param {readonly string[]} sources folders and files from the top
 * @param {() => Promise<number>} make gives the exit code
 * @returns {Promise<number>} the exit code
 */
export async function whenChanged(made, sources, make) {
  const path = join(root, 'out/.cache', `${made.replaceAll('/', '-')}.stamp`);
  const stamp = stampOf(sources);
  const built = existsSync(join(root, made)) && existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (built === stamp) return 0;
  const code = await make();
  if (code === 0) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, stamp);
  }
  return code;
}
