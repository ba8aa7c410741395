import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AutostartOptions, makeAutostart, quoteExec } from '../../../src-main/shell/autostart.ts';
import { AppDouble } from '../../shell/electron-double.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'culvert-autostart-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const make = (options: Partial<AutostartOptions> = {}) =>
  makeAutostart({
    app: new AppDouble(),
    platform: 'linux',
    env: {},
    home,
    execPath: '/opt/Culvert/culvert',
    ...options,
  });

describe('start at login', () => {
  it('is a file of the session on Linux', () => {
    const autostart = make();
    const path = join(home, '.config/autostart/culvert.desktop');
    expect(autostart?.isOn()).toBe(false);
    autostart?.set(true, false);
    expect(readFileSync(path, 'utf8')).toMatch(
      /^\[Desktop Entry\]\n(?:.*\n)*Exec="\/opt\/Culvert\/culvert"\n/,
    );
    expect(autostart?.isOn()).toBe(true);
    autostart?.set(true, true);
    expect(readFileSync(path, 'utf8')).toContain('Exec="/opt/Culvert/culvert" --hidden\n');
    autostart?.set(false, true);
    expect(existsSync(path)).toBe(false);
    autostart?.set(false, true);
  });

  it('names the AppImage and not the place where it is mounted', () => {
    make({ env: { APPIMAGE: '/apps/Culvert.AppImage' }, execPath: '/tmp/.mount_CulvXy/culvert' })?.set(
      true,
      false,
    );
    const text = readFileSync(join(home, '.config/autostart/culvert.desktop'), 'utf8');
    expect(text).toContain('Exec="/apps/Culvert.AppImage"\n');
    expect(text).not.toContain('.mount_');
  });

  it('is the login item on Windows, found again whatever its arguments are', () => {
    const app = new AppDouble();
    const autostart = make({ app, platform: 'win32' });
    autostart?.set(true, true);
    expect(app.loginItem).toEqual({ openAtLogin: true, path: '/opt/Culvert/culvert', args: ['--hidden'] });
    expect(autostart?.isOn()).toBe(true);
    autostart?.set(false, true);
    expect(autostart?.isOn()).toBe(false);
  });

  it('is none in Flatpak and Snap', () => {
    expect(make({ env: { FLATPAK_ID: 'a' } })).toBeUndefined();
    expect(make({ env: { SNAP: '/snap/a' } })).toBeUndefined();
  });

  it.each([
    ['/a b/c', '"/a b/c"'],
    ['/a"b', '"/a\\\\"b"'],
    ['/a$b', '"/a\\\\$b"'],
    ['/100%', '"/100%%"'],
  ])('quotes %s', (program, quoted) => {
    expect(quoteExec(program)).toBe(quoted);
  });
});
