import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { releaseProblems, writeSums } from '../../support/release-files.mjs';

const VERSION = '1.2.3';
const SYSTEMS = {
  linux: [
    ...['linux-x86_64.AppImage', 'linux-arm64.AppImage', 'linux-amd64.deb', 'linux-arm64.deb'],
    ...['linux-x86_64.rpm', 'linux-aarch64.rpm'],
  ],
  darwin: ['mac-universal.dmg', 'mac-universal.zip'],
  win32: ['win-x64.exe', 'win-arm64.exe'],
};
const UPDATES = {
  'latest.yml': SYSTEMS.win32,
  'latest-mac.yml': SYSTEMS.darwin,
  'latest-linux.yml': ['linux-x86_64.AppImage', 'linux-amd64.deb', 'linux-x86_64.rpm'],
  'latest-linux-arm64.yml': ['linux-arm64.AppImage', 'linux-arm64.deb', 'linux-aarch64.rpm'],
};
const nameOf = (end: string): string => `Culvert-${VERSION}-${end}`;

let folder: string;
const at = (name: string): string => join(folder, name);
/** A folder as the jobs of the three systems leave it together. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'culvert-release-'));
  for (const [system, ends] of Object.entries(SYSTEMS)) {
    for (const end of ends) writeFileSync(at(nameOf(end)), `the package ${end}`);
    writeSums(folder, ends.map((end) => at(nameOf(end))).concat(at('latest.yml')), system);
  }
  for (const [name, ends] of Object.entries(UPDATES)) {
    const files = ends.map((end) => {
      const bytes = readFileSync(at(nameOf(end)));
      const sha512 = createHash('sha512').update(bytes).digest('base64');
      return `  - url: ${nameOf(end)}\n    sha512: ${sha512}\n    size: ${bytes.length}\n`;
    });
    writeFileSync(at(name), `version: ${VERSION}\nfiles:\n${files.join('')}`);
  }
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const problems = (): readonly string[] => releaseProblems(folder, VERSION);

describe('the files of a release', () => {
  it('are complete as they are made', () => {
    expect(problems()).toEqual([]);
  });

  it('have sums as sha256sum reads them, of the packages alone, sorted', () => {
    const lines = readFileSync(at('SHA256SUMS-darwin'), 'utf8').split('\n');
    expect(lines.at(-1)).toBe('');
    const sums = SYSTEMS.darwin.map((end) => {
      const sum = createHash('sha256').update(`the package ${end}`).digest('hex');
      return `${sum}  ${nameOf(end)}`;
    });
    expect(lines.slice(0, -1)).toEqual(sums.sort());
    expect(writeSums(folder, [at('latest.yml')], 'linux')).toBeUndefined();
  });

  it.each([...SYSTEMS.linux, ...SYSTEMS.darwin, ...SYSTEMS.win32])('miss %s when it is not there', (end) => {
    rmSync(at(nameOf(end)));
    expect(problems()).toContain(`${nameOf(end)} is missing`);
  });

  it.each(Object.keys(UPDATES))('miss %s, without which no update is found', (name) => {
    rmSync(at(name));
    expect(problems()).toEqual([`${name} is missing: no update would be found by it`]);
  });

  it('are refused when a package is not what the lists say', () => {
    writeFileSync(at(nameOf('win-x64.exe')), 'another package');
    expect(problems()).toEqual([
      `${nameOf('win-x64.exe')} is not what its sum says`,
      `${nameOf('win-x64.exe')} is not what latest.yml says`,
    ]);
  });

  it('are refused when a list of sums is lost, or names what is gone', () => {
    rmSync(at('SHA256SUMS-darwin'));
    expect(problems()).toEqual(SYSTEMS.darwin.map((end) => `${nameOf(end)} is in no list of sums`));
    writeFileSync(at('SHA256SUMS-darwin'), `${'0'.repeat(64)}  Culvert.dmg\n`);
    expect(problems()).toContain('Culvert.dmg is in a list of sums and not there');
  });

  it('are refused when the updater would be sent to another version, or to nothing that it installs', () => {
    const text = readFileSync(at('latest-linux.yml'), 'utf8');
    writeFileSync(at('latest-linux.yml'), text.replace(VERSION, '1.2.2'));
    expect(problems()).toEqual(['latest-linux.yml is of version 1.2.2']);
    writeFileSync(at('latest-linux.yml'), `version: ${VERSION}\n`);
    expect(problems()).toEqual(['latest-linux.yml names no package that can be installed']);
  });
});
