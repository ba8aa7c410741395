import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/sources.ts';

/** What marks the fuses in Electron's program, their version, how many there are, and how they are as it is delivered. */
const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const DELIVERED = '10110001';

export const manifest: {
  readonly version: string;
  readonly productName: string;
  readonly desktopName: string;
  readonly repository: { readonly url: string };
  readonly devDependencies: Readonly<Record<string, string>>;
} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Makes a folder that has as much of Electron's as packing looks at. */
export function makeDist(dist: string): string {
  mkdirSync(join(dist, 'resources'), { recursive: true });
  mkdirSync(join(dist, 'locales'));
  const wire = Buffer.concat([
    Buffer.from(SENTINEL),
    Buffer.from([1, DELIVERED.length]),
    Buffer.from(DELIVERED),
  ]);
  const program = Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(512), wire, Buffer.alloc(512)]);
  writeFileSync(join(dist, 'electron'), program);
  chmodSync(join(dist, 'electron'), 0o755);
  for (const name of ['LICENSE', 'LICENSES.chromium.html', 'locales/en-US.pak']) {
    writeFileSync(join(dist, name), 'x');
  }
  writeFileSync(join(dist, 'version'), manifest.devDependencies.electron);
  return dist;
}

/** Runs a program to its end; gives what it printed. Rejects, with all of that, when it fails. */
export function runProgram(
  program: string,
  args: readonly string[],
  { env = {}, cwd = root }: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...process.env, ...env }, timeout: 120_000 };
    execFile(program, [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${error.message}\n${stdout}\n${stderr}`));
    });
  });
}

export const runNode = (script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  runProgram(process.execPath, [script, ...args], { env });

/** Paths in an asar: a Pickle with the header's length, then JSON. */
export function asarFiles(path: string): readonly string[] {
  const bytes = readFileSync(path);
  const json = bytes.subarray(16, 16 + bytes.readUInt32LE(12)).toString('utf8');
  type Entry = { files?: Record<string, Entry> };
  const walk = (entry: Entry, at: string): string[] =>
    Object.entries(entry.files ?? {}).flatMap(([name, below]) =>
      below.files === undefined ? [`${at}${name}`] : walk(below, `${at}${name}/`),
    );
  return walk(JSON.parse(json), '');
}
