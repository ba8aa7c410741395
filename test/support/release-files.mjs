// `node test/support/release-files.mjs FOLDER`: whether a folder has all that a release has, and each file is what the
// lists beside it say. The packages of each system come with a list of sums and with what the updater reads.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { root } from './steps.mjs';

const PACKAGES = /\.(?:AppImage|deb|dmg|exe|rpm|tar\.gz|zip)$/;

/** By the end of their names: packages; and the updater's lists, each with the kind of package that it installs. */
const WANTED = [
  ...['-linux-x86_64.AppImage', '-linux-arm64.AppImage', '-linux-amd64.deb', '-linux-arm64.deb'],
  ...['-linux-x86_64.rpm', '-linux-aarch64.rpm', '-mac-universal.dmg', '-mac-universal.zip'],
  ...['-win-x64.exe', '-win-arm64.exe'],
];
const UPDATES = {
  'latest.yml': /\.exe$/,
  'latest-mac.yml': /\.zip$/,
  'latest-linux.yml': /\.AppImage$/,
  'latest-linux-arm64.yml': /\.AppImage$/,
};

/** @param {string} path @param {string} kind @param {'hex' | 'base64'} as */
const sumOf = (path, kind, as) => createHash(kind).update(readFileSync(path)).digest(as);

/**
 * Writes `SHA256SUMS-<system>`, as `sha256sum --check` reads it. For each system its own list, so that those of a release
 * lie side by side.
 *
 * @param {string} folder
 * @param {readonly string[]} made what was made, packages or not
 * @param {string} system
 * @returns {string | undefined} its path; undefined when there are no packages
 */
export function writeSums(folder, made, system) {
  const packages = made.filter((path) => PACKAGES.test(path));
  if (packages.length === 0) return undefined;
  const lines = packages.map((path) => `${sumOf(path, 'sha256', 'hex')}  ${basename(path)}\n`);
  const list = join(folder, `SHA256SUMS-${system}`);
  writeFileSync(list, lines.sort().join(''));
  return list;
}

/**
 * What is wrong with a folder of a release's files, a line each; empty: nothing.
 *
 * @param {string} folder
 * @param {string} version
 * @returns {string[]}
 */
export function releaseProblems(folder, version) {
  const names = readdirSync(folder);
  const missing = WANTED.filter((end) => !names.includes(`Culvert-${version}${end}`)).map(
    (end) => `Culvert-${version}${end} is missing`,
  );
  const updates = Object.entries(UPDATES).flatMap(([name, kind]) => {
    if (!names.includes(name)) return [`${name} is missing: no update would be found by it`];
    return updateProblems(folder, name, kind, version);
  });
  return [...missing, ...sumProblems(folder, names), ...updates];
}

/** @param {string} folder @param {readonly string[]} names */
function sumProblems(folder, names) {
  /** @type {Map<string, string>} */
  const sums = new Map();
  for (const list of names.filter((name) => name.startsWith('SHA256SUMS-'))) {
    for (const [, sum, name] of readFileSync(join(folder, list), 'utf8').matchAll(/^(\w{64}) {2}(.+)$/gm)) {
      sums.set(name, sum);
    }
  }
  const listed = [...sums].flatMap(([name, sum]) => {
    if (!names.includes(name)) return [`${name} is in a list of sums and not there`];
    return sumOf(join(folder, name), 'sha256', 'hex') === sum ? [] : [`${name} is not what its sum says`];
  });
  const unlisted = names.filter((name) => PACKAGES.test(name) && !sums.has(name));
  return [...listed, ...unlisted.map((name) => `${name} is in no list of sums`)];
}

/** @param {string} folder @param {string} name @param {RegExp} kind @param {string} version */
function updateProblems(folder, name, kind, version) {
  /** @type {{ version?: unknown, files?: Array<{ url: string, sha512: string, size?: number }> }} */
  const info = Object(load(readFileSync(join(folder, name), 'utf8')));
  const problems = info.version === version ? [] : [`${name} is of version ${info.version}`];
  const files = info.files ?? [];
  if (!files.some(({ url }) => kind.test(url)))
    problems.push(`${name} names no package that can be installed`);
  for (const { url, sha512, size } of files) {
    const path = join(folder, basename(url));
    if (!existsSync(path)) problems.push(`${name} names ${url}, which is not there`);
    else if (
      sumOf(path, 'sha512', 'base64') !== sha512 ||
      (size !== undefined && statSync(path).size !== size)
    ) {
      problems.push(`${url} is not what ${name} says`);
    }
  }
  return problems;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const problems = releaseProblems(resolve(process.argv[2] ?? 'packages'), version);
  for (const problem of problems) console.error(problem);
  if (problems.length === 0) console.log('the release is complete');
  process.exitCode = problems.length === 0 ? 0 : 1;
}
