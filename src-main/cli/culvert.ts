#!/usr/bin/env node
import { EXIT_CODES } from './exit-codes.ts';
import { main } from './main.ts';
import { exitWhenFlushed, guardProcess, reportUnexpected } from './process-guard.ts';

const guard = guardProcess();
main(process.argv.slice(2), process.env, (level) => {
  guard.showStack = level === 'trace';
}).then(exitWhenFlushed, (error: unknown) => {
  reportUnexpected(error, guard);
  exitWhenFlushed(EXIT_CODES.unexpected.code);
});
