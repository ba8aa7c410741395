import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's top folder. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

const require = createRequire(join(root, 'package.json'));

/** The rooms whose types are checked, each by `tsconfig.<room>.json`. */
export const rooms = ['shared', 'main', 'shell', 'preload', 'renderer', 'test', 'ui-test'];

/**
 * The script behind a dependency's command. Going to it directly keeps shells and `.cmd` files out of it, so
 * that Windows needs no special case.
 *
 * @param {string} name the package
 * @param {string} command the key in its `bin`
 * @returns {string} absolute path
 * @throws {Error} when the package is not installed
 */
function binOf(name, command) {
  const manifest = join(root, 'node_modules', name, 'package.json');
  if (!existsSync(manifest)) throw new Error(`${name} is not installed; run "npm ci" first`);
  /** @type {{ bin: string | Record<string, string> }} */
  const { bin } = require(manifest);
  return join(dirname(manifest), typeof bin === 'string' ? bin : bin[command]);
}

export const tscScript = () => binOf('typescript', 'tsc');
export const biomeScript = () => binOf('@biomejs/biome', 'biome');
const viteScript = () => binOf('vite', 'vite');
const vitestScript = () => binOf('vitest', 'vitest');

/**
 * Runs a script in the project's folder, its output going straight through.
 *
 * @param {string} script absolute path
 * @param {readonly string[]} args
 * @returns {Promise<number>} the exit code; 1 when it ended by a signal
 */
export function runScript(script, args) {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [script, ...args], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.on('error', fail);
    child.on('close', (code) => done(code ?? 1));
  });
}

/** @param {readonly string[]} args */
export const tsc = async (args) => runScript(tscScript(), args);
/** @param {readonly string[]} args */
export const biome = async (args) => runScript(biomeScript(), args);
/** @param {readonly string[]} args */
export const vite = async (args) => runScript(viteScript(), args);
/** @param {readonly string[]} args */
export const vitest = async (args) => runScript(vitestScript(), args);
