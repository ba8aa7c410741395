// `npm test [-- vitest's arguments]`: check, build, then every test. The last line is the result:
// `N passed, N failed`, in which check and build count as one each.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, runScript, vitest } from './steps.mjs';

/**
 * The part of vitest's JSON report (the format of Jest) that is read here.
 *
 * @typedef {{ fullName: string, status: string }} Assertion
 * @typedef {{ name: string, status: string, message: string, assertionResults: Assertion[] }} TestFile
 * @typedef {{ success: boolean, testResults: TestFile[] }} Report
 */

const started = performance.now();
const reportPath = join(root, 'out/.cache/tests.json');
const extra = process.argv.slice(2);

let passed = 0;
/** @type {string[]} */
const failed = [];
/** @type {string[]} */
const skipped = [];

/**
 * A step in a process of its own: its failure is one failure, and the rest still runs.
 *
 * @param {string} name
 * @param {string} script beside this file
 */
async function step(name, script) {
  console.log(`\n> ${name}`);
  const begun = performance.now();
  const code = await runScript(join(root, 'test/support', script), []);
  if (code === 0) passed++;
  else failed.push(name);
  console.log(`${name}: ${code === 0 ? 'ok' : 'FAILED'} in ${seconds(begun)} s`);
}

/** @param {number} since a reading of `performance.now()` */
function seconds(since) {
  return ((performance.now() - since) / 1000).toFixed(1);
}

/** @param {string} path absolute */
function fromTop(path) {
  return path.startsWith(root) ? path.slice(root.length + 1) : path;
}

/** @returns {Report | undefined} undefined when vitest wrote none */
function readReport() {
  try {
    return JSON.parse(readFileSync(reportPath, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {Report} report */
function count(report) {
  for (const file of report.testResults) {
    const name = fromTop(file.name);
    let broken = 0;
    for (const test of file.assertionResults) {
      if (test.status === 'passed') passed++;
      else if (test.status === 'failed') {
        broken++;
        failed.push(`${name}: ${test.fullName}`);
      } else skipped.push(`${name}: ${test.fullName}`);
    }
    // A file that does not load, or whose hooks fail, has no failed test to show for it.
    if (file.status === 'failed' && broken === 0)
      failed.push(`${name}: did not run (${firstLine(file.message)})`);
  }
}

/** @param {string | undefined} text */
function firstLine(text) {
  return (text ?? '').trim().split('\n')[0] || 'see above';
}

async function runVitest() {
  console.log('\n> test');
  mkdirSync(join(root, 'out/.cache'), { recursive: true });
  rmSync(reportPath, { force: true });
  const code = await vitest([
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportPath}`,
    ...extra,
  ]).catch((error) => {
    console.error(String(error.message));
    return 1;
  });
  const report = readReport();
  const before = failed.length;
  const ran = passed;
  if (report !== undefined) count(report);
  if (passed === ran && failed.length === before) failed.push('test: no test ran');
  // Unhandled errors, a crash, a wrong argument: vitest fails without a failed test.
  else if ((code !== 0 || report?.success === false) && failed.length === before) {
    failed.push(`test: vitest ended with exit code ${code}, see above`);
  }
}

await step('check', 'check.mjs');
await step('build', 'build.mjs');
await runVitest();

console.log('');
for (const name of skipped.slice(0, 100)) console.log(`skipped  ${name}`);
if (skipped.length > 0) console.log(`${skipped.length} skipped`);
for (const name of failed.slice(0, 200)) console.log(`FAILED   ${name}`);
console.log(`wall time ${seconds(started)} s`);
console.log(`${passed} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
