// `npm run package`: builds, then packs for the current system. `--dir` makes the unpacked folder alone. ELECTRON_DIST
// names a folder with Electron's files where none can be downloaded;
// `--out=DIR` puts the packages there instead of into dist/.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, Platform } from 'electron-builder';
import { root, runScript } from './steps.mjs';

const dir = process.argv.includes('--dir');
const out = process.argv.find((argument) => argument.startsWith('--out='))?.slice('--out='.length);
const electronDist = process.env.ELECTRON_DIST;
const code = await runScript(fileURLToPath(new URL('build.mjs', import.meta.url)), []);
if (code !== 0) process.exit(code);
const targets = dir ? Platform.current().createTarget('dir') : undefined;
const made = await build({
  projectDir: root,
  targets,
  // Attaching packages to a release is the workflow's.
  publish: 'never',
  config: {
    extends: 'electron-builder.yml',
    ...(electronDist && { electronDist }),
    ...(out && { directories: { output: out, buildResources: 'assets' } }),
  },
});
// For each system its own list, so that those of a release lie side by side.
const lines = made
  .filter((path) => /\.(?:AppImage|deb|dmg|exe|rpm|zip)$/.test(path))
  .map((path) => `${createHash('sha256').update(readFileSync(path)).digest('hex')}  ${basename(path)}\n`);
if (lines.length > 0) {
  const list = join(out ?? join(root, 'dist'), `SHA256SUMS-${process.platform}`);
  writeFileSync(list, lines.sort().join(''));
  made.push(list);
}
for (const path of made) console.log(path);
