import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeError, systemCode } from '../../src-main/engine/base/errors.ts';
import { kcpMarkdown } from './kcp-report.ts';
import { runKcpSuite } from './kcp-suite.ts';
import { replaceMarked, toMarkdown } from './markdown.ts';
import { BENCH_USAGE, type BenchOptions, parseBenchOptions, type Suite } from './options.ts';
import { culvertFailures } from './report.ts';
import { projectRoot } from './rig.ts';
import { runSuite } from './suite.ts';

/** Exit codes: 0 good, 1 Culvert failed in some measure, 2 bad flags, 130 interrupted. */
async function main(options: BenchOptions): Promise<number> {
  let failed = false;
  const say = (line: string): void => console.error(line);
  for (const suite of options.suites) {
    if (suite === 'kcp') {
      const report = await runKcpSuite(options, say);
      write(suite, options, report, kcpMarkdown(report));
      continue;
    }
    const report = await runSuite(suite, options, say);
    write(suite, options, report, toMarkdown(report));
    const failures = culvertFailures(report);
    for (const failure of failures) console.error(`FAILED: ${failure}`);
    failed ||= failures.length > 0;
  }
  return failed ? 1 : 0;
}

function write(suite: Suite, options: BenchOptions, report: object, markdown: string): void {
  const file = options.json ?? join(projectRoot(), 'test', 'bench', 'results', `${suite}.json`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  console.log(`\n${markdown}`);
  console.error(`figures: ${file}`);
  if (options.writeReadme) writeReadme(suite, markdown);
}

function writeReadme(suite: string, markdown: string): void {
  const file = join(projectRoot(), 'README.md');
  writeFileSync(file, replaceMarked(readFileSync(file, 'utf8'), suite, markdown));
}

// Ending by process.exit runs the hooks that end every process started here.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

try {
  const options = parseBenchOptions(process.argv.slice(2), process.execPath);
  if (options === undefined) console.log(BENCH_USAGE);
  else process.exitCode = await main(options);
} catch (error) {
  console.error(`bench: ${describeError(error)}`);
  process.exitCode = systemCode(error) === 'ERR_BAD_OPTION' ? 2 : 1;
}
