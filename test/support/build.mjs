// `npm run build`: TypeScript to out/, one JavaScript file per source file; the page to out/renderer; the engine's thread
// of the desktop app; only what changed.
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildEngine } from './build-engine.mjs';
import { buildPage } from './build-page.mjs';
import { root, tsc } from './steps.mjs';

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

// The cache says what was written before; without the files it would wrongly skip them.
if (emitted.some((folder) => !existsSync(join(root, 'out', folder)))) {
  rmSync(join(root, 'out/.cache/build.tsbuildinfo'), { force: true });
  rmSync(join(root, 'out/.cache/preload.tsbuildinfo'), { force: true });
}
const code = await tsc(['-p', 'tsconfig.build.json', '--pretty']);
prune();
markExecutable();
const preload = await tsc(['-p', 'tsconfig.preload.json', '--pretty']);
const page = await buildPage();
const engine = await buildEngine();
const ok = [code, preload, page, engine].every((one) => one === 0);
if (!ok) console.error('build: failed, see the errors above');
process.exitCode = ok ? 0 : 1;
