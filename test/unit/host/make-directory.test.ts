import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeDirectory } from '../../../src-main/host/make-directory.ts';

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'culvert-make-'));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const modeOf = (path: string): number => statSync(path).mode & 0o777;

it('makes it with those above it, for this user alone', () => {
  const path = join(place, 'a/b/c');
  makeDirectory(path);
  if (process.platform !== 'win32')
    for (const each of ['a', 'a/b', 'a/b/c']) expect(modeOf(join(place, each))).toBe(0o700);
  expect(statSync(path).isDirectory()).toBe(true);
  makeDirectory(relative(process.cwd(), join(place, 'd/')));
  expect(existsSync(join(place, 'd'))).toBe(true);
});

it('leaves what is there as it is', () => {
  const path = join(place, 'there');
  mkdirSync(path);
  chmodSync(path, 0o755);
  const before = modeOf(path);
  makeDirectory(path);
  expect(modeOf(path)).toBe(before);
});

it('says when a file is in its place, or above it', () => {
  writeFileSync(join(place, 'file'), '');
  expect(() => makeDirectory(join(place, 'file'))).toThrow(expect.objectContaining({ code: 'EEXIST' }));
  expect(() => makeDirectory(join(place, 'file/below'))).toThrow(/ENOTDIR|ENOENT/);
});

it.runIf(process.platform === 'linux')('comes back where Node’s own does not', () => {
  expect(() => makeDirectory('/proc/x/y')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
});
