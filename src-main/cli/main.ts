import {
  CulvertError,
  DEFAULT_CONFIG,
  describeError,
  generateKey,
  Logger,
  type LogLevel,
} from '../engine/index.ts';
import { parseArguments } from './arguments.ts';
import { EXIT_CODES, exitCodeFor } from './exit-codes.ts';
import { helpText, readVersion } from './help.ts';
import type { CliOptions } from './options.ts';
import { logLevelFor, say, stderrSink } from './print.ts';
import { startClient } from './run-client.ts';
import { startServer } from './run-server.ts';
import type { Running, Terminal } from './running.ts';
import { STATISTICS_INTERVAL_MS } from './statistics.ts';
import { onStopSignal } from './stop-signals.ts';
import type { UiOptions } from './ui-options.ts';

/** Told how talkative the person wants it, as soon as that is known. */
export type OnLevel = (level: LogLevel) => void;

/** Does what a command line asks for, until it is done or asked to stop. Gives the exit code. */
export async function main(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  onLevel: OnLevel = () => {},
): Promise<number> {
  const parsed = parseArguments(argv, env);
  switch (parsed.kind) {
    case 'help':
      process.stdout.write(helpText(readVersion()));
      return EXIT_CODES.ok.code;
    case 'version':
      say(`culvert ${readVersion()}`);
      return EXIT_CODES.ok.code;
    case 'keygen':
      say(generateKey());
      return EXIT_CODES.ok.code;
    case 'error':
      return fail(parsed.error);
    case 'ui':
      return ui(parsed.options);
    case 'run': {
      const level = logLevelFor(parsed.options.verbosity);
      onLevel(level);
      return run(parsed.options, parsed.notes, level);
    }
  }
}

/** Loaded only here: what the page and the host need is no matter of a forward. */
async function ui(options: UiOptions): Promise<number> {
  const { runUi } = await import('./run-ui.ts');
  try {
    await runUi(options);
    return EXIT_CODES.ok.code;
  } catch (error) {
    if (error instanceof CulvertError) return fail(error);
    throw error;
  }
}

async function run(options: CliOptions, notes: readonly string[], level: LogLevel): Promise<number> {
  const quiet = options.verbosity < 0;
  const log = new Logger(options.role, level, stderrSink());
  const terminal: Terminal = { log, say: (text) => !quiet && say(text), insist: (text) => say(text) };
  for (const note of notes) log.info(note);
  try {
    const running = await (options.role === 'server'
      ? startServer(options, terminal)
      : startClient(options, terminal));
    const stopCounting = options.verbosity >= 1 ? printStatistics(running, log) : undefined;
    await untilStopped(running, log);
    stopCounting?.();
    return EXIT_CODES.ok.code;
  } catch (error) {
    if (error instanceof CulvertError) return fail(error);
    throw error;
  }
}

function fail(error: CulvertError): number {
  say(`culvert: ${describeError(error)}`, process.stderr);
  return exitCodeFor(error);
}

function printStatistics(running: Running, log: Logger): () => void {
  const statistics = log.child('statistics');
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    for (const line of running.statistics(Math.max(0.001, (now - last) / 1000))) statistics.info(line);
    last = now;
  }, STATISTICS_INTERVAL_MS);
  return () => clearInterval(timer);
}

/** Ends once it was asked to stop and what was open has finished, or was asked a second time. */
function untilStopped(running: Running, log: Logger): Promise<void> {
  return new Promise((resolve, reject) => {
    let asked = false;
    onStopSignal(() => {
      if (asked) return resolve();
      asked = true;
      const open = running.connections();
      const wait = `up to ${DEFAULT_CONFIG.drainMs / 1000} s to finish; ask again to stop at once`;
      log.info(open === 0 ? 'stopping' : `stopping: ${open} open ${plural(open)} ${wait}`);
      running.close().then(resolve, reject);
    });
  });
}

function plural(count: number): string {
  return count === 1 ? 'connection has' : 'connections have';
}
