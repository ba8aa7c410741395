import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ElectronStore from 'electron-store';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ConfigKeeper } from '../../../src-main/host/config-keeper.ts';
import { confFiles, type OpenJsonFile } from '../../../src-main/host/json-document.ts';
import { SecretVault } from '../../../src-main/host/secret-vault.ts';
import { electronFiles, STORE_CHANNEL } from '../../../src-main/shell/electron-files.ts';
import { DEFAULT_SETTINGS } from '../../../src-shared/settings.ts';
import { ipcMain } from '../../shell/electron-module.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'culvert-electron-files-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const electron = () => electronFiles(directory, ElectronStore, ipcMain);
const headless = () => confFiles(directory);
const read = () => readFileSync(join(directory, 'config.json'));

it.each<[string, () => OpenJsonFile, () => OpenJsonFile]>([
  ['electron-store writes is read and written on by conf', electron, headless],
  ['conf writes is read and written on by electron-store', headless, electron],
])('what %s, byte for byte the same', async (_name, first, second) => {
  const settings = { ...DEFAULT_SETTINGS, language: 'zh-CN', graphWindow: '1h' } as const;
  new ConfigKeeper(directory, first()).save({ settings });
  const written = read();
  const keeper = new ConfigKeeper(directory, second());
  expect(keeper.loaded).toEqual({ origin: 'file', setAside: undefined });
  expect(keeper.settings).toEqual(settings);
  keeper.save({});
  expect(read().equals(written)).toBe(true);
  expect(statSync(join(directory, 'config.json')).mode & 0o777).toBe(0o600);

  await new SecretVault(directory, first()).change(new Map([['server/key', 'correct horse']]));
  expect(new SecretVault(directory, second()).get('server/key')).toBe('correct horse');
  expect(readdirSync(directory).sort()).toEqual(['config.json', 'config.last.json', 'secrets.json']);
});

it('leaves no channel by which a page could ask for the path', () => {
  electron()('first').write({ a: 1 });
  electron()('second').write({ a: 1 });
  expect(ipcMain.listenerCount(STORE_CHANNEL)).toBe(0);
  const event: { returnValue?: unknown } = {};
  ipcMain.emit(STORE_CHANNEL, event);
  expect(event).toEqual({});
});
