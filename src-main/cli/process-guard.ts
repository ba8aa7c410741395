import { describeError, systemCode } from '../engine/index.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { say } from './print.ts';

/** Where an unexpected error is shown with its stack. */
export interface Guard {
  showStack: boolean;
}

/**
 * What a command line owes its caller: no stack trace, and no fuss when nobody reads the output any more
 * (`culvert -h | head -1`).
 */
export function guardProcess(): Guard {
  const guard: Guard = { showStack: false };
  const unexpected = (error: unknown): void => {
    reportUnexpected(error, guard);
    process.exit(EXIT_CODES.unexpected.code);
  };
  process.on('uncaughtException', unexpected);
  for (const output of [process.stdout, process.stderr]) {
    output.on('error', (error) => {
      if (systemCode(error) !== 'EPIPE') unexpected(error);
    });
  }
  return guard;
}

/** One line: what happened, and that it should not have. */
export function reportUnexpected(error: unknown, { showStack }: Guard): void {
  const hint = showStack ? '' : '; run it with -vvv for the details';
  say(`culvert: ${describeError(error)} (this is a bug${hint})`, process.stderr);
  if (showStack && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}

/** Ends the process once what was printed has left it. */
export function exitWhenFlushed(code: number): void {
  process.exitCode = code;
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}
