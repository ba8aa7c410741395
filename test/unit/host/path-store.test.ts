import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { confFiles } from '../../../src-main/host/json-document.ts';
import { PathStore } from '../../../src-main/host/path-store.ts';
import { temporaryFolder } from '../../bench/rig.ts';

const folders: Array<() => void> = [];
afterEach(() => {
  for (const remove of folders.splice(0)) remove();
});

function directory(): string {
  const { path, remove } = temporaryFolder();
  folders.push(remove);
  return path;
}

const told: string[] = [];
const open = (at: string): PathStore => {
  told.length = 0;
  return new PathStore(at, confFiles(at), (text) => told.push(text));
};
const now = Date.now();
const memory = { at: now, checkedAt: now, holdMs: 12_000, bodyLimit: 1_000_000, polls: 1 };

it('keeps paths over restarts, for this user alone', () => {
  const at = directory();
  const store = open(at);
  store.put('a', memory);
  store.flush();
  expect(open(at).paths).toEqual({ a: memory });
  expect(told).toEqual([]);
  if (process.platform !== 'win32') expect(statSync(join(at, 'paths.json')).mode & 0o777).toBe(0o600);
});

it('sets a broken file aside, says so, and goes on', () => {
  const at = directory();
  writeFileSync(join(at, 'paths.json'), '{"version": 1, "pat');
  const store = open(at);
  expect(store.paths).toEqual({});
  expect(told.join()).toMatch(/set aside: .*paths\.broken-/);
  store.put('a', memory);
  store.flush();
  expect(Object.keys(JSON.parse(readFileSync(join(at, 'paths.json'), 'utf8')).paths)).toEqual(['a']);
  expect(readdirSync(at).some((name) => name.startsWith('paths.broken-'))).toBe(true);
});

it('does without the file where there can be none', () => {
  const at = directory();
  // In the way of the file; holds for root too.
  const store = open(join(at, 'paths.json\0'));
  expect(told.length).toBe(1);
  store.put('a', memory);
  store.flush();
  expect(store.paths).toEqual({ a: memory });
  chmodSync(at, 0o700);
});
