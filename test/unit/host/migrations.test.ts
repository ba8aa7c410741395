import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigKeeper } from '../../../src-main/host/config-keeper.ts';
import { DailyTotals } from '../../../src-main/host/daily-totals.ts';
import { confFiles } from '../../../src-main/host/json-document.ts';
import { MIGRATIONS, migrate } from '../../../src-main/host/migrations.ts';
import { SecretVault } from '../../../src-main/host/secret-vault.ts';
import { CONFIG_VERSION } from '../../../src-main/host/stored-config.ts';
import { printRule } from '../../../src-shared/rules.ts';
import { printServer } from '../../../src-shared/server-address.ts';
import { root } from '../../support/sources.ts';

const FORMATS = join(root, 'test/support/formats');
const formatFile = (version: number): string => join(FORMATS, `config-${version}.json`);
const jsonOf = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
const formats = Array.from({ length: CONFIG_VERSION + 1 }, (_, version) => version);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'culvert-formats-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));
const open = (): ConfigKeeper => new ConfigKeeper(directory, confFiles(directory));

describe('files of every format', () => {
  it.each(formats)('format %d loads whole, and becomes what it always became', (version) => {
    copyFileSync(formatFile(version), join(directory, 'config.json'));
    const keeper = open();
    expect(keeper.loaded).toEqual({ origin: 'file', setAside: undefined });
    // Loading writes nothing; what is saved is of this format.
    expect(readdirSync(directory)).toEqual(['config.json']);
    keeper.save({});
    // What is of this format is saved as it was.
    const saved =
      version === CONFIG_VERSION ? formatFile(version) : join(FORMATS, `config-${version}-saved.json`);
    expect(jsonOf(join(directory, 'config.json'))).toEqual(jsonOf(saved));
    expect(readFileSync(join(directory, 'config.last.json'))).toEqual(readFileSync(formatFile(version)));
  });

  it('one written by hand: its servers and forwards are those of the command line', () => {
    copyFileSync(formatFile(0), join(directory, 'config.json'));
    const { profiles, settings } = open();
    expect(profiles.map(({ server }) => printServer(server))).toEqual([
      'http://office.example/way',
      'http://203.0.113.7:8100',
    ]);
    expect(profiles[0].rules.map(printRule)).toEqual([
      '8080:wiki.internal:80',
      '0.0.0.0:2222::22',
      '[::1]:5353:[2001:db8::53]:53/udp',
      '1080',
      '*:1081',
    ]);
    expect(settings).toMatchObject({ theme: 'dark', language: 'zh-CN', notifications: 'problems' });
  });

  it.each([
    ['a forward', { server: 'a.example', local: ['80'] }],
    ['a server', { server: 'ftp://a.example' }],
    ['a key, which has no place there', { server: 'a.example', key: 'correct horse' }],
  ])('one written by hand with a fault in %s is set aside, and the rest of it is used', (_what, profile) => {
    const text = JSON.stringify({ profiles: [profile, { server: 'b.example' }] });
    writeFileSync(join(directory, 'config.json'), text);
    const keeper = open();
    expect(keeper.loaded.origin).toBe('salvaged');
    expect(readFileSync(keeper.loaded.setAside ?? '', 'utf8')).toBe(text);
    expect(keeper.profiles.map(({ server }) => server.host)).toEqual(['b.example']);
  });
});

describe('migrations', () => {
  it('run in their order from the file’s format on, and leave what they are given as it was', () => {
    const steps = [
      (value: Record<string, unknown>) => ({ ...value, trail: 'one' }),
      (value: Record<string, unknown>) => ({ ...value, trail: `${value.trail} two` }),
    ];
    const old = Object.freeze({ version: 0 });
    expect(migrate(old, steps)).toEqual({ version: 2, trail: 'one two' });
    expect(migrate({ version: 1, trail: 'was' }, steps)).toEqual({ version: 2, trail: 'was two' });
    expect(migrate({ version: 2 }, steps)).toEqual({ version: 2 });
    expect(migrate({ profiles: [] }, steps)).toMatchObject({ version: 2 });
  });

  it('are frozen: they import nothing but this room’s own', () => {
    const steps = MIGRATIONS.map((_, version) =>
      readFileSync(join(root, `src-main/host/format-${version}.ts`), 'utf8'),
    );
    expect(steps.filter((text) => /^import\b/m.test(text))).toEqual([]);
  });
});

describe('a file of a later format', () => {
  it.each([
    ['config', () => open(), CONFIG_VERSION],
    ['secrets', () => new SecretVault(directory, confFiles(directory)), 1],
    ['totals', () => new DailyTotals(directory, confFiles(directory), () => {}), 1],
  ] as const)('%s.json: is refused in words, and left untouched', (name, load, known) => {
    const text = JSON.stringify({ version: known + 1, store: 'better', profiles: 'elsewhere' });
    writeFileSync(join(directory, `${name}.json`), text);
    expect(load).toThrow(
      expect.objectContaining({
        failure: expect.objectContaining({
          code: 'ERR_NEWER_VERSION',
          message: expect.stringMatching(
            `later version \\(format ${known + 1}, this Culvert knows ${known}\\)`,
          ),
          remedy: expect.stringContaining('update Culvert'),
        }),
      }),
    );
    expect(readdirSync(directory)).toEqual([`${name}.json`]);
    expect(readFileSync(join(directory, `${name}.json`), 'utf8')).toBe(text);
  });
});
