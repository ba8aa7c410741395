import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeError, systemCode } from '../../src-main/engine/base/errors.ts';
import { httpFailures, httpMarkdown } from './http-report.ts';
import { runHttpSuite } from './http-suite.ts';
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
  for (const suite of options.suites) {
    const { report, markdown, failures } = await runOne(suite, options);
    writeJson(suite, options, report);
    console.log(`\n${markdown}`);
    console.error(`figures: ${jsonFile(suite, options)}`);
    for (const failure of failures) console.error(`FAILED: ${failure}`);
    failed ||= failures.length > 0;
    if (options.writeReadme) writeReadme(suite, markdown);
  }
  return failed ? 1 : 0;
}

function jsonFile(suite: Suite, options: BenchOptions): string {
  return options.json ?? join(projectRoot(), 'test', 'bench', 'results', `${suite}.json`);
}

function writeJson(suite: Suite, options: BenchOptions, report: object): void {
  const file = jsonFile(suite, options);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
}

interface Outcome {
  readonly report: object;
  readonly markdown: string;
  readonly failures: readonly string[];
}

async function runOne(suite: Suite, options: BenchOptions): Promise<Outcome> {
  const say = (line: string): void => console.error(line);
  if (suite === 'http') {
    const report = await runHttpSuite(options, say);
    return { report, markdown: httpMarkdown(report), failures: httpFailures(report) };
  }
  if (suite === 'kcp') {
    const report = await runKcpSuite(options, jsonFile(suite, options), say, (soFar) =>
      writeJson(suite, options, soFar),
    );
    return { report, markdown: kcpMarkdown(report), failures: [] };
  }
  const report = await runSuite(suite, options, say);
  return { report, markdown: toMarkdown(report), failures: culvertFailures(report) };
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
