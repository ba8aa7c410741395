import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { PathFile, pathFile } from '../../../src-main/cli/path-file.ts';
import { temporaryFolder } from '../../bench/rig.ts';
import { client } from './parsing.ts';

const folders: Array<() => void> = [];
afterEach(() => {
  for (const remove of folders.splice(0)) remove();
});

function somewhere(): string {
  const { path, remove } = temporaryFolder();
  folders.push(remove);
  return join(path, 'culvert', 'cli-paths.json');
}

const told: string[] = [];
const open = (path: string): PathFile => {
  told.length = 0;
  return new PathFile(path, (text) => told.push(text));
};
const now = Date.now();
const memory = { at: now, checkedAt: now, holdMs: 12_000, bodyLimit: 1_000_000, polls: 1 };

it('is where a program’s state belongs', () => {
  expect(pathFile({ XDG_STATE_HOME: '/s' }, 'linux')).toBe(join('/s', 'culvert', 'cli-paths.json'));
  expect(pathFile({}, 'linux')).toMatch(/\.local.state.culvert.cli-paths\.json$/);
  expect(pathFile({}, 'darwin')).toMatch(/Application Support.culvert.cli-paths\.json$/);
  expect(pathFile({ LOCALAPPDATA: '/l' }, 'win32')).toBe(join('/l', 'culvert', 'cli-paths.json'));
});

it('can be switched off, on the command line and in a file', () => {
  const env = { XDG_STATE_HOME: '/s' };
  expect(client('-D 1 s:1 -p k', { env }).pathFile).toBe(pathFile(env));
  expect(client('--no-memory -D 1 s:1 -p k', { env }).pathFile).toBeUndefined();
  const files = { 'c.json': '{"no-memory": true}' };
  expect(client('-c c.json -D 1 s:1 -p k', { env, files }).pathFile).toBeUndefined();
});

it('keeps what several processes learn, for this user alone, and leaves nothing else behind', () => {
  const path = somewhere();
  const [one, two] = [open(path), open(path)];
  expect(one.get('a')).toBeUndefined();
  expect(existsSync(dirname(path))).toBe(false);
  one.put('a', memory);
  two.put('b', { ...memory, bodyLimit: 9000 });
  one.put('a', { ...memory, polls: 2 });
  expect(open(path).get('a')?.polls).toBe(2);
  expect(open(path).get('b')?.bodyLimit).toBe(9000);
  expect(told).toEqual([]);
  expect(readdirSync(dirname(path))).toEqual(['cli-paths.json']);
  if (process.platform === 'win32') return;
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
});

it.each([
  ['that was cut', '{"version":1,"paths":{"a":{"at"'],
  ['of another kind', '[1, 2]'],
  ['that is empty', ''],
  ['that is far too long', `{"version":1,"paths":{}}${' '.repeat(300_000)}`],
])('sets a file aside %s, says so once, and goes on', (_, text) => {
  const path = somewhere();
  mkdirSync(dirname(path));
  writeFileSync(path, text);
  const file = open(path);
  expect(file.get('a')).toBeUndefined();
  file.put('a', memory);
  expect(file.get('a')).toEqual(memory);
  expect(told.length).toBe(1);
  expect(told[0]).toContain('cli-paths.broken.json');
  expect(readFileSync(path.replace('.json', '.broken.json'), 'utf8')).toBe(text);
});

it('does without where nothing can be written, and says so once', () => {
  const path = somewhere();
  // A file where its folder would be.
  writeFileSync(dirname(path), '');
  const file = open(path);
  for (let i = 0; i < 3; i++) file.put('a', memory);
  expect(file.get('a')).toBeUndefined();
  expect(told.length).toBe(1);
  expect(told[0]).toMatch(/not kept|cannot be read/);
});
