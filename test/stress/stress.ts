import { describeError, systemCode } from '../../src-main/engine/base/errors.ts';
import { parseStressOptions, STRESS_USAGE } from './options.ts';
import { runStress } from './run-stress.ts';

const interrupt = new AbortController();

/** Exit codes: 0 every echo exact, 1 not so or not run, 2 bad flags, 130 interrupted. */
async function main(): Promise<number> {
  const options = parseStressOptions(process.argv.slice(2));
  if (options === undefined) {
    console.log(STRESS_USAGE);
    return 0;
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // A second signal does not wait for the summary. Either way no process is left behind.
      if (interrupt.signal.aborted) process.exit(130);
      interrupt.abort();
    });
  }
  const result = await runStress(options, { print: (line) => console.log(line), signal: interrupt.signal });
  return result.ok ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`stress: ${interrupt.signal.aborted ? 'interrupted' : describeError(error)}`);
  process.exitCode = systemCode(error) === 'ERR_BAD_OPTION' ? 2 : 1;
}
if (interrupt.signal.aborted) process.exitCode = 130;
