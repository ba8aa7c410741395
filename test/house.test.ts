import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { maskSource } from './support/import-graph.ts';
import { filesBelow, root, sourcesBelow } from './support/sources.ts';

const MAX_LINES = 400;
const MAX_DEPTH = 4;
const ENGINE_INDEX = 'src-main/engine/index.ts';
const KEBAB = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*$/;

const product = sourcesBelow('src-main', 'src-renderer', 'src-shared');
const tests = sourcesBelow('test');

/** Why a test would be left out or run alone, or nothing. A system's own limits are the one fair reason to skip. */
function leftOut(code: string): readonly string[] {
  const reasons = [
    /\b(?:describe|it|test|suite|bench|context|ctx|task)(?:\.\w+)*\.(?:only|skip|todo|fails)\b/g,
    /\.(?:skipIf|runIf)\s*\(\s*(?!process\.platform\b)/g,
    /\b(?:xit|xtest|xdescribe|fit|fdescribe)\s*\(/g,
    /\(\s*\{[^{}()]*\bskip\b[^{}()]*\}\s*\)\s*=>/g,
  ];
  return reasons.flatMap((reason) => code.match(reason) ?? []);
}

/** Whether a module does nothing but hand on what others export. */
function isBarrel(code: string): boolean {
  const rest = code
    .replace(/\bexport\s+(?:type\s+)?(?:\*(?:\s*as\s+[\w$]+)?|\{[^}]*\})\s*from\s*'\d+'/g, '')
    .replace(/\bimport\b(?!\s*[(.])[^;']*'\d+'/g, '')
    .replace(/\bexport\s+(?:type\s+)?\{[^}]*\}/g, '');
  return /\bexport\b/.test(code) && /^[\s;]*$/.test(rest);
}

/** Where the sources stand whose unit tests stand in the folder; the benchmark's and the stress tool's are one. */
const MIRRORS: ReadonlyArray<readonly [tests: string, sources: readonly string[]]> = [
  ['test/unit/shared/', ['src-shared/']],
  ['test/unit/renderer/', ['src-renderer/']],
  ['test/unit/bench/', ['test/bench/', 'test/stress/']],
  ['test/unit/support/', ['test/support/']],
  ['test/unit/', ['src-main/']],
];

/** Whether a unit test stands for a source: by the same name, or one that goes on after `-` or `.`. */
function mirrored(test: string): boolean {
  const [folder, places] = MIRRORS.find(([prefix]) => test.startsWith(prefix)) ?? ['', []];
  const name = test.slice(folder.length).replace(/\.test\.tsx?$/, '');
  const tools = filesBelow('test/support').filter((path) => path.endsWith('.mjs'));
  const sources = [...product.keys(), ...tests.keys(), ...tools];
  const stems = sources.map((source) => source.replace(/\.(?:tsx?|mjs)$/, ''));
  return places.some((place) => {
    const path = place + name;
    return stems.some((stem) => path === stem || path.startsWith(`${stem}-`) || path.startsWith(`${stem}.`));
  });
}

describe('the house', () => {
  it('has a fixed top level', () => {
    const allowed = ['src-main', 'src-renderer', 'src-shared', 'assets', 'test'];
    const made = ['node_modules', 'out', 'dist', 'coverage'];
    const folders = readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map((entry) => entry.name);
    expect(folders.filter((name) => ![...allowed, ...made].includes(name))).toEqual([]);
  });

  it(`has no source over ${MAX_LINES} lines`, () => {
    const sheets = filesBelow('src-renderer')
      .filter((path) => path.endsWith('.css'))
      .map((path): [string, string] => [path, readFileSync(join(root, path), 'utf8')]);
    const long = [...product, ...sheets]
      .map(([path, text]) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ lines }) => lines > MAX_LINES);
    expect(long).toEqual([]);
  });

  it(`has no source deeper than ${MAX_DEPTH} folders`, () => {
    expect([...product.keys()].filter((path) => path.split('/').length - 1 > MAX_DEPTH)).toEqual([]);
  });

  it('names files and folders in kebab-case', () => {
    const code = ['src-main', 'src-renderer', 'src-shared', 'assets', 'test']
      .flatMap(filesBelow)
      .filter((path) => /\.(?:[cm]?[jt]sx?|css|html|svg|c)$/.test(path));
    expect(code.filter((path) => !path.split('/').every((part) => KEBAB.test(part)))).toEqual([]);
  });

  it('has one barrel, the public face of the engine', () => {
    const barrels = [...product]
      .filter(([path]) => path !== ENGINE_INDEX)
      .filter(([path, text]) => /^index\.tsx?$/.test(basename(path)) || isBarrel(maskSource(text).code));
    expect(barrels.map(([path]) => path)).toEqual([]);
  });

  it('exports by name', () => {
    const unnamed = [...product].filter(([, text]) => /\bexport\s+default\b/.test(maskSource(text).code));
    expect(unnamed.map(([path]) => path)).toEqual([]);
  });

  it('leaves no test out', () => {
    const found = [...tests].flatMap(([path, text]) =>
      leftOut(maskSource(text).code).map((reason) => `${path}: ${reason}`),
    );
    expect(found).toEqual([]);
  });

  it('has unit tests that mirror the sources', () => {
    const units = [...tests.keys()].filter((path) => /^test\/unit\/.*\.test\.tsx?$/.test(path));
    expect(units.length).toBeGreaterThan(0);
    expect(units.filter((path) => !mirrored(path))).toEqual([]);
  });

  it('has a lockfile with every platform in it, or npm ci refuses it', () => {
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    const wanted = Object.values<{ optionalDependencies?: Record<string, string> }>(packages).flatMap(
      (entry) => Object.keys(entry.optionalDependencies ?? {}),
    );
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.filter((name) => !(`node_modules/${name}` in packages))).toEqual([]);
  });

  it('depends on nothing that must run a script or come from elsewhere than the registry', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    const packages: Array<[string, { hasInstallScript?: boolean; optional?: boolean; resolved?: string }]> =
      Object.entries(lock.packages);
    expect(packages.length).toBeGreaterThan(1);
    const scripted = packages.filter(([, entry]) => entry.hasInstallScript && !entry.optional);
    // No `resolved` means: from whatever registry the installing machine uses.
    const foreign = packages.filter(
      ([path, { resolved }]) =>
        path !== '' && resolved !== undefined && !/^https:\/\/.*\.tgz$/.test(resolved),
    );
    expect([...scripted, ...foreign].map(([path]) => path)).toEqual([]);
    expect(readFileSync(join(root, '.npmrc'), 'utf8')).toContain('ignore-scripts=true');
  });
});

describe('its checks can fail', () => {
  it.each([
    "it.only('a', f)",
    "describe.skip('a', f)",
    "it.concurrent.todo('a')",
    "test.each([1]).skipIf(!has('curl'))('a', f)",
    'xit(f)',
    "it('a', ({ skip }) => skip())",
    "it('a', (ctx) => ctx.skip())",
  ])('%s leaves a test out', (code) => {
    expect(leftOut(code)).toHaveLength(1);
  });

  it.each([
    "it('a', f)",
    "it.skipIf(process.platform === 'win32')('a', f)",
    'reader.skip(4)',
    'list.only(4)',
  ])('%s does not', (code) => {
    expect(leftOut(code)).toEqual([]);
  });

  it.each([
    ["export * from './a.ts';", true],
    ["import { a } from './a.ts';\nexport { a };\nexport type { B } from './b.ts';", true],
    ["export { a } from './a.ts';\nexport const b = 1;", false],
    ["import './a.ts';\nstart();", false],
  ])('%j is a barrel: %s', (text, barrel) => {
    expect(isBarrel(maskSource(text).code)).toBe(barrel);
  });

  it.each([
    ['test/unit/shared/format.test.ts', true],
    ['test/unit/shared/format-fuzz.test.ts', true],
    ['test/unit/engine/base/errors.test.ts', true],
    ['test/unit/engine/base/formats.test.ts', false],
    ['test/unit/shared/formats.test.ts', false],
  ])('%s mirrors a source: %s', (test, mirrors) => {
    expect(mirrored(test)).toBe(mirrors);
  });

  it.each(['engine/byte-queue.ts', 'a.test.ts', 'http1.ts'])('%s is kebab-case', (name) => {
    expect(name.split('/').every((part) => KEBAB.test(part))).toBe(true);
  });

  it.each(['ByteQueue.ts', 'byte_queue.ts', 'byteQueue.ts', '-a.ts'])('%s is not kebab-case', (name) => {
    expect(KEBAB.test(name)).toBe(false);
  });
});
