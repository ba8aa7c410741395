#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { whyHeadless } from './desktop.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { main } from './main.ts';
import { say } from './print.ts';
import { exitWhenFlushed, guardProcess, reportUnexpected } from './process-guard.ts';

/*
 * `npm start`: the desktop app where Electron and a display are there, else the same app in a browser. What follows
 * `npm start --` is for the app or `culvert ui`: both know `--data`.
 */

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const electron = join(root, 'node_modules/electron');
const guard = guardProcess();

const reason = whyHeadless({
  platform: process.platform,
  env: process.env,
  // Without path.txt the package is there and its program was not loaded.
  electron: existsSync(join(electron, 'path.txt')),
  app: existsSync(join(root, 'out/src-main/shell/main.js')),
});
if (reason === undefined) {
  const child = spawn(process.execPath, [join(electron, 'cli.js'), root, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  child.once('error', (error) => reportUnexpected(error, guard));
  child.once('exit', (code) => exitWhenFlushed(code ?? EXIT_CODES.unexpected.code));
} else {
  say(`no desktop app here (${reason}): the same app is served to your browser`);
  main(['ui', ...process.argv.slice(2)], process.env).then(exitWhenFlushed, (error: unknown) => {
    reportUnexpected(error, guard);
    exitWhenFlushed(EXIT_CODES.unexpected.code);
  });
}
