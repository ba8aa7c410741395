import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FuseV1Options, FuseVersion, getCurrentFuseWire } from '@electron/fuses';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APP_ID, repositoryPage } from '../../src-main/shell/product.ts';
import { root } from '../support/sources.ts';
import { asarFiles, makeDist, manifest, runNode, runProgram } from './package-rig.ts';

const MAX_ASAR = 15 * 1024 * 1024;
/** What ws asks for and does without: native modules that nobody installs. */
const MISSING = ['bufferutil', 'utf-8-validate'];

const folder = mkdtempSync(join(tmpdir(), 'culvert-package-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const out = join(folder, 'out');

describe.skipIf(process.platform !== 'linux')('npm run package, from a folder with Electron', () => {
  const unpacked = join(out, 'linux-unpacked');
  const app = join(folder, 'app');
  const deb = join(folder, 'deb');
  const asar = join(unpacked, 'resources/app.asar');
  let files: readonly string[];

  beforeAll(async () => {
    const script = join(root, 'test/support/package.mjs');
    await runNode(script, ['--dir', `--out=${out}`, 'deb'], {
      ELECTRON_DIST: makeDist(join(folder, 'electron')),
      CUSTOM_FPM_PATH: join(root, 'test/shell/fpm-stand-in.mjs'),
    });
    files = asarFiles(asar);
    await runNode(join(root, 'node_modules/@electron/asar/bin/asar.js'), ['extract', asar, app]);
  }, 150_000);

  it('packs the app, its page, its preload script and its icons', () => {
    const wanted = [
      'package.json',
      'out/src-main/shell/main.js',
      'out/src-main/shell/preload.cjs',
      'out/src-main/host/engine-worker.cjs',
      'out/renderer/index.html',
      'assets/tray/connected-dark.png',
      'assets/tray/connectedTemplate@2x.png',
      'node_modules/ws/package.json',
    ];
    expect(wanted.filter((path) => !files.includes(path))).toEqual([]);
  });

  it('packs no sources, no tests and no development dependency', () => {
    const banned = [/\.[cm]?tsx?$/, /\.map$/, /(?:^|\/)tests?\//, /^src-/, /^out\/test\//];
    const found = files.filter((path) => {
      const name = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? '';
      return banned.some((pattern) => pattern.test(path)) || name in manifest.devDependencies;
    });
    // Electron calls no C.
    expect(files.filter((path) => path.includes('koffi'))).toEqual([]);
    // What a dependency of the app needs is the app's, whoever else uses it.
    expect(found.filter((path) => !path.startsWith('node_modules/js-yaml/'))).toEqual([]);
  });

  it('keeps app.asar within 15 MB', () => {
    expect(statSync(asar).size).toBeLessThanOrEqual(MAX_ASAR);
  });

  it('has an engine thread of one file, which loads nothing else', () => {
    const text = readFileSync(join(app, 'out/src-main/host/engine-worker.cjs'), 'utf8');
    const asked = [...text.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name);
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.filter((name) => !isBuiltin(name) && !MISSING.includes(name))).toEqual([]);
    expect(text).not.toMatch(/^(?:import|export) |\bimport\(|import\.meta/m);
  });

  it('has a preload script that the sandbox takes: CommonJS, and nothing but Electron', () => {
    const text = readFileSync(join(app, 'out/src-main/shell/preload.cjs'), 'utf8');
    expect([...text.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name)).toEqual(['electron']);
    expect(text).not.toMatch(/^(?:import|export) |\bimport\(/m);
  });

  it('starts: the main file with all that it imports, the engine, the page, the tray, and ends in order', async () => {
    const electron = join(app, 'node_modules/electron');
    mkdirSync(electron);
    cpSync(join(root, 'test/shell/packed-electron.cjs'), join(electron, 'index.js'));
    // A panel that shows icons.
    const tools = join(folder, 'tools');
    mkdirSync(tools);
    writeFileSync(join(tools, 'gdbus'), "#!/bin/sh\necho '(<true>,)'\n");
    chmodSync(join(tools, 'gdbus'), 0o755);
    const main = join(app, JSON.parse(readFileSync(join(app, 'package.json'), 'utf8')).main);
    const said = await runNode(main, [`--data=${join(folder, 'data')}`], {
      CULVERT_TEST_RESOURCES: join(unpacked, 'resources'),
      PATH: `${tools}:${process.env.PATH}`,
    });
    const lines = said.trim().split('\n');
    expect(lines.filter((line) => !/^(?:page|engine|cost)/.test(line))).toEqual([
      'sandbox',
      'scheme app',
      `id ${APP_ID}`,
      'protocol culvert',
      `thread file://${app}/out/src-main/host/engine-worker.cjs`,
      'tray true',
      `preload true ${app}/out/src-main/shell/preload.cjs`,
      'drains',
      'exit 0',
    ]);
    expect(lines).toContain('engine response');
    // What is the app's own of a cold start (1.5 s) and of the tray alone (150 MB, its engine's thread in it).
    const [, cost, memory] = /^cost (\d+) ms (\d+) MB$/m.exec(said) ?? [];
    console.log(`until the window: ${cost} ms on the processor, ${memory} MB`);
    expect(Number(cost)).toBeLessThan(1_500);
    expect(Number(memory)).toBeLessThan(150);
    const pages = lines.filter((line) => line.startsWith('page'));
    expect(pages.filter((line) => !line.startsWith('page 200 '))).toEqual([]);
    for (const kind of ['text/html', 'text/javascript', 'text/css']) expect(pages.join()).toContain(kind);
    expect(await runNode(join(app, 'out/src-main/cli/culvert.js'), ['--version'])).toMatch(/^culvert \d/);
  });

  it('knows where its releases are from package.json alone', () => {
    const packed = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8'));
    const page = repositoryPage(packed);
    expect(page).toBe(repositoryPage(manifest));
    const { owner, repo, provider } = Object(
      load(readFileSync(join(unpacked, 'resources/app-update.yml'), 'utf8')),
    );
    expect([provider, `https://github.com/${owner}/${repo}`]).toEqual(['github', page]);
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

  it('makes a deb, its sum, and what the updater reads', async () => {
    const name = `Culvert-${manifest.version}-linux-amd64.deb`;
    expect(await runProgram('sha256sum', ['--check', 'SHA256SUMS-linux'], { cwd: out })).toBe(
      `${name}: OK\n`,
    );
    const info = Object(load(readFileSync(join(out, 'latest-linux.yml'), 'utf8')));
    expect(info).toMatchObject({ version: manifest.version, files: [{ url: name }] });
    const fields = await runProgram('dpkg-deb', [
      '--field',
      join(out, name),
      'Package',
      'Homepage',
      'Depends',
    ]);
    expect(fields).toContain('Package: culvert\n');
    expect(fields).toContain(repositoryPage(manifest));
    expect(fields).toMatch(/Depends: .*libgtk-3-0.*libsecret-1-0/);
    await runProgram('dpkg-deb', ['--raw-extract', join(out, name), deb]);
  });

  it('registers the app with the desktop: its name, links, files, icon, and whose its windows are', () => {
    const desktop = readFileSync(join(deb, `usr/share/applications/${manifest.desktopName}`), 'utf8');
    const lines = desktop.split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'Name=Culvert',
        'Exec=/opt/Culvert/culvert %U',
        'Icon=culvert',
        'MimeType=application/x-culvert;x-scheme-handler/culvert;',
        // Electron gives windows package.json's desktopName, without its ending, as class and app id.
        `StartupWMClass=${manifest.desktopName.replace(/\.desktop$/, '')}`,
      ]),
    );
    expect(readFileSync(join(deb, 'usr/share/mime/packages/culvert.xml'), 'utf8')).toContain(
      'glob pattern="*.culvert"',
    );
    for (const size of ['16x16', '512x512']) {
      expect(statSync(join(deb, `usr/share/icons/hicolor/${size}/apps/culvert.png`)).size).toBeGreaterThan(0);
    }
  });

  it('lets the sandbox run: by the kernel where it may, with AppArmor on Ubuntu, else by the helper', async () => {
    const script = join(deb, 'DEBIAN/postinst');
    await runProgram('bash', ['-n', script]);
    const text = readFileSync(script, 'utf8');
    expect(text).toContain("chmod 4755 '/opt/Culvert/chrome-sandbox'");
    expect(text).toContain("APPARMOR_PROFILE_SOURCE='/opt/Culvert/resources/apparmor-profile'");
    const profile = readFileSync(join(deb, 'opt/Culvert/resources/apparmor-profile'), 'utf8');
    expect(profile).toContain('"/opt/Culvert/culvert" flags=(unconfined)');
    expect(profile).toMatch(/^\s*userns,$/m);
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

  it('has the id that the app tells Windows', () => {
    expect(config.appId).toBe(APP_ID);
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
