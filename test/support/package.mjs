// `npm run package [-- TARGET…]`: builds, then packs for the current system; with names of targets (`deb`, `AppImage`)
// those alone. `--dir` makes the unpacked folder alone, or with targets, it too. ELECTRON_DIST names a folder with
// Electron's files where none can be downloaded; `--out=DIR` puts the packages there instead of into dist/.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, Platform } from 'electron-builder';
import { packageConfig } from './package-config.mjs';
import { writeSums } from './release-files.mjs';
import { root, runScript } from './steps.mjs';

const args = process.argv.slice(2);
const out = args.find((argument) => argument.startsWith('--out='))?.slice('--out='.length);
const names = [
  ...(args.includes('--dir') ? ['dir'] : []),
  ...args.filter((argument) => !argument.startsWith('--')),
];
const code = await runScript(fileURLToPath(new URL('build.mjs', import.meta.url)), []);
if (code !== 0) process.exit(code);
// A secret that is not there comes from a workflow as an empty text, which the builder takes for a wrong one.
for (const [name, value] of Object.entries(process.env)) if (value === '') delete process.env[name];
const made = await build({
  projectDir: root,
  targets: names.length === 0 ? undefined : Platform.current().createTarget(names),
  // Attaching packages to a release is the workflow's.
  publish: 'never',
  config: packageConfig(process.env, out),
});
const list = writeSums(out ?? join(root, 'dist'), made, process.platform);
for (const path of list === undefined ? made : [...made, list]) console.log(path);
