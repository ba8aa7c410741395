// `npm run build`: TypeScript to out/, one JavaScript file per source file, only what changed; the page to
// out/renderer, when something of it changed.
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, tsc, vite } from './steps.mjs';

const emitted = ['src-main', 'src-shared', 'test'];

/** Removes what was emitted from sources that are gone, or a deleted module would live on in out/. */
function prune() {
  for (const folder of emitted) {
    const base = join(root, 'out', folder);
    if (!existsSync(base)) continue;
    for (const entry of readdirSync(base, { recursive: true, encoding: 'utf8' })) {
      const module = /^(.*)\.js(?:\.map)?$/.exec(entry);
      if (module === null) continue;
      const source = join(root, folder, module[1]);
      if (!existsSync(`${source}.ts`) && !existsSync(`${source}.tsx`)) rmSync(join(base, entry));
    }
  }
}

/** tsc keeps the `#!` line and drops the mode: every command gets its executable bit back. */
function markExecutable() {
  /** @type {{ bin: Record<string, string> }} */
  const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const path of Object.values(bin)) {
    if (existsSync(join(root, path))) chmodSync(join(root, path), 0o755);
  }
}

const stampPath = join(root, 'out/.cache/page.sha256');

/** What the page is made of, as one hash: the files' names and content, and the packages' versions. */
function pageHash() {
  const hash = createHash('sha256');
  const files = ['src-renderer', 'src-shared'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  files.push(join(root, 'vite.config.ts'), join(root, 'package-lock.json'));
  for (const file of files.sort()) hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

/** @returns {Promise<number>} the exit code */
async function buildPage() {
  const hash = pageHash();
  const built = existsSync(join(root, 'out/renderer/index.html')) && existsSync(stampPath);
  if (built && readFileSync(stampPath, 'utf8') === hash) return 0;
  rmSync(stampPath, { force: true });
  const code = await vite(['build', '--logLevel', 'error']);
  mkdirSync(join(root, 'out/.cache'), { recursive: true });
  if (code === 0) writeFileSync(stampPath, hash);
  return code;
}

// The cache says what was written before; without the files it would wrongly skip them.
if (emitted.some((folder) => !existsSync(join(root, 'out', folder)))) {
  rmSync(join(root, 'out/.cache/build.tsbuildinfo'), { force: true });
}
const code = (await tsc(['-p', 'tsconfig.build.json', '--pretty'])) || (await buildPage());
prune();
markExecutable();
if (code !== 0) console.error('build: failed, see the errors above');
process.exitCode = code === 0 ? 0 : 1;
