import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { followPower } from '../../../src-main/shell/power.ts';
import { Quitting } from '../../../src-main/shell/quitting.ts';
import { Shortcut } from '../../../src-main/shell/shortcut.ts';
import { isTrayAvailable } from '../../../src-main/shell/tray-available.ts';
import { updateWay } from '../../../src-main/shell/updates.ts';
import { DEFAULT_SETTINGS, settingsSchema } from '../../../src-shared/settings.ts';
import { AppDouble } from '../../shell/electron-double.ts';

describe('the global shortcut', () => {
  it('is off at first, registered once, and given back', () => {
    const calls: string[] = [];
    const told: string[] = [];
    const shortcut = new Shortcut(
      {
        register: (keys) => {
          calls.push(`+${keys}`);
          if (keys === 'Ctrl+T') throw new Error('no such keys');
          return keys !== 'Ctrl+X';
        },
        unregisterAll: () => void calls.push('-'),
      },
      () => {},
      (keys) => told.push(keys),
    );
    shortcut.set('');
    expect(calls).toEqual([]);
    shortcut.set('Ctrl+Alt+C');
    shortcut.set('Ctrl+Alt+C');
    shortcut.set('Ctrl+X');
    shortcut.set('Ctrl+T');
    shortcut.release();
    expect(calls).toEqual(['-', '+Ctrl+Alt+C', '-', '+Ctrl+X', '-', '+Ctrl+T', '-']);
    expect(told).toEqual(['Ctrl+X', 'Ctrl+T']);
  });

  it('is a modifier and a key', () => {
    const good = ['', 'Ctrl+Alt+C', 'CommandOrControl+Shift+F12', 'Super+9'];
    const bad = ['C', 'Ctrl+', 'Ctrl+CC', 'Ctrl+Alt+Shift+Super+Cmd+C', 'Ctrl+F25', ' Ctrl+C'];
    const fits = (shortcut: string) => settingsSchema.safeParse({ ...DEFAULT_SETTINGS, shortcut }).success;
    expect(good.filter(fits)).toEqual(good);
    expect(bad.filter(fits)).toEqual([]);
  });
});

describe('power', () => {
  it('reaches the engine', () => {
    const power = new EventEmitter();
    const calls: string[] = [];
    followPower({
      power,
      networkChanged: (online) => calls.push(`network ${online}`),
      retryNow: () => calls.push('retry'),
      shutDown: () => calls.push('shut down'),
      log: () => {},
    });
    for (const event of ['suspend', 'resume', 'lock-screen', 'unlock-screen', 'shutdown']) power.emit(event);
    expect(calls).toEqual(['network false', 'network null', 'retry', 'network null', 'shut down']);
  });
});

describe('quitting', () => {
  it('drains once, then ends, whoever asks and how often', async () => {
    const app = new AppDouble();
    let drains = 0;
    const quitting = new Quitting({ app, log: () => {}, drain: async () => void drains++ });
    app.quit();
    app.quit();
    await quitting.quit();
    expect([await app.exited, drains, quitting.begun]).toEqual([0, 1, true]);
  });

  it('ends also when draining hangs or fails', async () => {
    for (const drain of [() => new Promise<void>(() => {}), () => Promise.reject(new Error('x'))]) {
      const app = new AppDouble();
      const said: string[] = [];
      new Quitting({ app, log: (text) => said.push(text), drain, limitMs: 10 });
      app.quit();
      expect(await app.exited).toBe(0);
      expect(said).toHaveLength(1);
    }
  });
});

describe('what the system has', () => {
  const answers =
    (stdout: string, by = 'gdbus') =>
    async (program: string) =>
      program === by ? { code: 0, stdout } : { code: -1, stdout: '' };

  it('a place for the tray', async () => {
    expect(await isTrayAvailable('darwin', answers(''))).toBe(true);
    expect(await isTrayAvailable('win32', answers(''))).toBe(true);
    expect(await isTrayAvailable('linux', answers('(<true>,)\n'))).toBe(true);
    expect(await isTrayAvailable('linux', answers('(<false>,)\n'))).toBe(false);
    expect(await isTrayAvailable('linux', answers('   variant   boolean true\n', 'dbus-send'))).toBe(true);
    expect(await isTrayAvailable('linux', answers('', 'none'))).toBe(false);
  });

  it('a way to update', () => {
    expect(updateWay('linux', {}, false)).toBeUndefined();
    expect(updateWay('linux', {}, true)).toBe('page');
    expect(updateWay('linux', { APPIMAGE: '/a' }, true)).toBe('installs');
    expect(updateWay('linux', { SNAP: '/a' }, true)).toBeUndefined();
    expect(updateWay('darwin', {}, true)).toBe('installs');
    expect(updateWay('win32', {}, true)).toBe('installs');
  });
});
