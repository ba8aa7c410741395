import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FuseV1Options, FuseVersion, getCurrentFuseWire } from '@electron/fuses';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/sources.ts';

/** What marks the fuses in Electron's program, their version, how many there are, and how they are as it is delivered. */
const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const DELIVERED = '10110001';
const MAX_ASAR = 15 * 1024 * 1024;

const folder = mkdtempSync(join(tmpdir(), 'culvert-package-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A folder that has as much of Electron's as packing looks at. */
function makeDist(): string {
  const dist = join(folder, 'electron');
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
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  writeFileSync(join(dist, 'version'), devDependencies.electron);
  return dist;
}

function run(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd: root, env: { ...process.env, ...env }, timeout: 120_000 };
    execFile(process.execPath, [script, ...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${error.message}\n${stdout}\n${stderr}`));
    });
  });
}

/** Paths in an asar: a Pickle with the header's length, then JSON. */
function asarFiles(path: string): readonly string[] {
  const bytes = readFileSync(path);
  const json = bytes.subarray(16, 16 + bytes.readUInt32LE(12)).toString('utf8');
  type Entry = { files?: Record<string, Entry> };
  const walk = (entry: Entry, at: string): string[] =>
    Object.entries(entry.files ?? {}).flatMap(([name, below]) =>
      below.files === undefined ? [`${at}${name}`] : walk(below, `${at}${name}/`),
    );
  return walk(JSON.parse(json), '');
}

describe.skipIf(process.platform !== 'linux')('npm run package:dir, from a folder with Electron', () => {
  const unpacked = join(folder, 'out/linux-unpacked');
  const asar = join(unpacked, 'resources/app.asar');
  let files: readonly string[];

  beforeAll(async () => {
    const script = join(root, 'test/support/package.mjs');
    await run(script, ['--dir', `--out=${join(folder, 'out')}`], { ELECTRON_DIST: makeDist() });
    files = asarFiles(asar);
  }, 150_000);

  it('packs the app, its page, its preload script and its icons', () => {
    const wanted = [
      'package.json',
      'out/src-main/shell/main.js',
      'out/src-main/shell/preload.cjs',
      'out/src-main/host/engine-worker.js',
      'out/renderer/index.html',
      'assets/tray/connected-dark.png',
      'assets/tray/connectedTemplate@2x.png',
      'node_modules/ws/package.json',
    ];
    expect(wanted.filter((path) => !files.includes(path))).toEqual([]);
  });

  it('packs no sources, no tests and no development dependency', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const banned = [/\.[cm]?tsx?$/, /\.map$/, /(?:^|\/)tests?\//, /^src-/, /^out\/test\//];
    const found = files.filter((path) => {
      const name = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? '';
      return banned.some((pattern) => pattern.test(path)) || name in devDependencies;
    });
    // What a dependency of the app needs is the app's, whoever else uses it.
    expect(found.filter((path) => !path.startsWith('node_modules/js-yaml/'))).toEqual([]);
  });

  it('keeps app.asar within 15 MB', () => {
    expect(statSync(asar).size).toBeLessThanOrEqual(MAX_ASAR);
  });

  it('has everything that the app imports', async () => {
    const app = join(folder, 'app');
    await run(join(root, 'node_modules/@electron/asar/bin/asar.js'), ['extract', asar, app]);
    const program = join(folder, 'import.mjs');
    writeFileSync(
      program,
      `await import(${JSON.stringify(`file://${app}/out/src-main/shell/desktop.js`)});\n` +
        `await import(${JSON.stringify(`file://${app}/node_modules/electron-updater/out/types.js`)});\n` +
        "console.log('all there');\n",
    );
    expect(await run(program, [])).toContain('all there');
    expect(await run(join(app, 'out/src-main/cli/culvert.js'), ['--version'])).toMatch(/^culvert \d/);
  });

  it('sets the fuses, read back from the program', async () => {
    const wire = await getCurrentFuseWire(join(unpacked, 'culvert'));
    expect(wire.version).toBe(FuseVersion.V1);
    const [off, on] = ['0'.charCodeAt(0), '1'.charCodeAt(0)];
    expect(wire[FuseV1Options.RunAsNode]).toBe(off);
    expect(wire[FuseV1Options.EnableNodeOptionsEnvironmentVariable]).toBe(off);
    expect(wire[FuseV1Options.EnableNodeCliInspectArguments]).toBe(off);
    expect(wire[FuseV1Options.EnableCookieEncryption]).toBe(on);
    expect(wire[FuseV1Options.EnableEmbeddedAsarIntegrityValidation]).toBe(on);
    expect(wire[FuseV1Options.OnlyLoadAppFromAsar]).toBe(on);
    expect(wire[FuseV1Options.GrantFileProtocolExtraPrivileges]).toBe(off);
  });
});

describe('electron-builder.yml', () => {
  const config: Record<string, unknown> = Object(
    load(readFileSync(join(root, 'electron-builder.yml'), 'utf8')),
  );

  /** The builder's own check. It is no part of its public face, so it is asked for by its path. */
  async function check(candidate: object): Promise<void> {
    const path = join(root, 'node_modules/app-builder-lib/out/util/config/config.js');
    const { validateConfiguration } = await import(path);
    await validateConfiguration(candidate, { add: () => {}, isEnabled: false });
  }

  it("is what the builder's schema wants", async () => {
    await check(config);
  });

  it('the check can fail', async () => {
    await expect(check({ ...config, nsis: { oneclick: true } })).rejects.toThrow(/configuration.nsis/);
  });

  it('has every package of the three systems', () => {
    const targets = ['mac', 'win', 'linux'].flatMap((system) => {
      const list: Array<{ target: string; arch: string[] }> = Object(config[system]).target;
      return list.map(({ target, arch }) => `${target} ${arch.join(' ')}`);
    });
    expect(targets).toEqual([
      ...['dmg universal', 'zip universal', 'nsis x64 arm64'],
      ...['AppImage x64 arm64', 'deb x64 arm64', 'rpm x64 arm64'],
    ]);
  });
});
