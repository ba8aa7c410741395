import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UpdaterSlice } from '../../src-main/shell/updates.ts';
import { freePort } from '../bench/rig.ts';
import { DoubleDriver } from './double-driver.ts';
import { keyringDouble, pathOf } from './electron-double.ts';
import { echo, Stage } from './scenarios.ts';

/**
 * Scenarios that only the double can run: they need another system than the machine has (no keyring, another one, no
 * panel, an update that is there, macOS).
 */
describe('the desktop app in other surroundings', () => {
  const driver = new DoubleDriver();
  const stage = new Stage(driver);
  beforeAll(() => stage.open());
  afterAll(() => stage.close());

  it('login item: written for the AppImage itself, kept as it is, removed', async () => {
    const app = await driver.launch({
      argv: ['--hidden'],
      env: { XDG_CONFIG_HOME: join('/nonexistent'), APPIMAGE: '/home/a/Culvert 1.0.AppImage' },
    });
    // Where it cannot be written the log says so, and nothing else happens.
    await app.changeSettings({ startAtLogin: true });
    await app.quit();
    const next = await driver.launch({
      directory: app.directory,
      argv: ['--hidden'],
      env: { XDG_CONFIG_HOME: join(app.directory, 'xdg'), APPIMAGE: '/home/a/Culvert 1.0.AppImage' },
    });
    const file = join(app.directory, 'xdg/autostart/culvert.desktop');
    await next.changeSettings({ startHidden: true });
    await expect
      .poll(() => existsSync(file) && readFileSync(file, 'utf8'))
      .toContain('Exec="/home/a/Culvert 1.0.AppImage" --hidden\n');
    await next.changeSettings({ startAtLogin: false });
    await expect.poll(() => existsSync(file)).toBe(false);
    await next.quit();
  });

  it('login item: none is offered in Flatpak and Snap', async () => {
    for (const env of [{ FLATPAK_ID: 'io.github.culvert' }, { SNAP: '/snap/culvert/1' }]) {
      const app = await driver.launch({ argv: ['--hidden'], env });
      expect((await app.state()).host.capabilities.startAtLogin).toBe(false);
      await app.quit();
    }
  });

  it('login item of macOS', async () => {
    const app = await driver.launch({ argv: ['--hidden'], platform: 'darwin' });
    await app.changeSettings({ startAtLogin: true, startHidden: true });
    await expect.poll(() => app.electron.app.loginItem).toEqual({ openAtLogin: true });
    expect(pathOf(app.electron.trays[0].image)).toMatch(/stoppedTemplate\.png$/);
    // The menu bar is the Mac's, and follows the language.
    expect(app.electron.appMenu?.map(({ label }) => label)).toEqual(['Culvert', 'Edit', 'View', 'Window']);
    await app.changeSettings({ language: 'zh-CN' });
    await expect.poll(() => app.electron.appMenu?.[1].label).toBe('编辑');
    await app.quit();
    // A Mac gives its login item no arguments, and tells that it was one.
    const directory = app.directory;
    const atLogin = await driver.launch({ directory, platform: 'darwin', openedAtLogin: true });
    expect(await atLogin.windowCount()).toBe(0);
    await atLogin.quit();
    const byHand = await driver.launch({ directory, platform: 'darwin' });
    expect(await byHand.windowCount()).toBe(1);
    await byHand.changeSettings({ startAtLogin: false });
    await expect.poll(() => byHand.electron.app.loginItem?.openAtLogin).toBe(false);
    await byHand.quit();
  });

  it('keyring absent: a person is asked, and nobody is locked out', async () => {
    const app = await driver.launch({
      argv: ['--hidden'],
      storage: keyringDouble({ backend: 'basic_text' }),
    });
    const { secrets } = await app.state();
    expect(secrets).toEqual({
      store: 'file',
      offers: ['file', 'passphrase'],
      mustChoose: true,
      locked: false,
    });
    const [id] = await app.add((await stage.line()).text);
    expect((await app.state()).profiles[id].secrets.key.kind).toBe('set');
    await app.click({ kind: 'open' });
    const page = await app.page();
    await page.getByRole('button', { name: 'Choose' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await app.until(({ secrets: now }) => !now.mustChoose);
    await app.quit();
    const next = await driver.launch({
      directory: app.directory,
      argv: ['--hidden'],
      storage: keyringDouble({ available: false }),
    });
    expect((await next.state()).secrets.mustChoose).toBe(false);
    await next.quit();
  });

  it('keyring of another machine: begins without keys, tells so, and keeps the sealed file', async () => {
    const app = await driver.launch({ argv: ['--hidden'] });
    const [id] = await app.add((await stage.line()).text);
    expect((await app.state()).secrets.store).toBe('system');
    const sealed = readFileSync(join(app.directory, 'secrets.json'), 'utf8');
    expect(sealed).toContain('"system"');
    await app.quit();

    const moved = await driver.launch({
      directory: app.directory,
      argv: ['--hidden'],
      storage: keyringDouble({ secret: 0x33 }),
    });
    const state = await moved.state();
    expect(state.secrets.locked).toBe(false);
    expect(state.profiles[id].secrets.key.kind).toBe('none');
    expect(Object.values(state.notices).map(({ kind }) => kind)).toEqual(['secretsLost']);
    // Nothing was saved yet: back on the old machine all is as it was.
    expect(readFileSync(join(app.directory, 'secrets.json'), 'utf8')).toBe(sealed);
    await moved.add((await stage.line()).text);
    const kept = readdirSync(app.directory).filter((name) => name.includes('.unreadable-'));
    expect(kept.map((name) => name.split('.')[0]).sort()).toEqual(['keyring', 'secrets']);
    const secrets = kept.find((name) => name.startsWith('secrets')) ?? '';
    expect(readFileSync(join(app.directory, secrets), 'utf8')).toBe(sealed);
    await moved.quit();
  });

  it('no tray: closing puts the window aside while something is on, and quits when nothing is', async () => {
    const app = await driver.launch({ argv: ['--hidden'], tray: () => false });
    // Hidden was asked for, and would leave nothing to come back by.
    expect(await app.windowCount()).toBe(1);
    await app.page();
    const [id] = await app.add((await stage.line()).text);
    await app.click({ kind: 'connectAll' });
    await app.until(({ statuses }) => statuses[id].connection.kind === 'connected');
    await app.closeWindow();
    expect(await app.windowCount()).toBe(1);
    expect(app.electron.window?.minimized).toBe(true);
    // Again by a person, or by a second start.
    await app.startAgain([]);
    expect(app.electron.window?.minimized).toBe(false);
    await app.click({ kind: 'disconnectAll' });
    await app.until(({ statuses }) => !statuses[id].on);
    await app.closeWindow();
    expect(await app.electron.app.exited).toBe(0);
  });

  it('no tray: a server for other machines keeps the window too', async () => {
    const app = await driver.launch({ tray: () => false });
    const { server } = app.desktop.host;
    await server.configure({ bind: { host: '127.0.0.1', port: await freePort() } });
    await server.start();
    await app.until(({ server: now }) => now.state.kind === 'running');
    await app.closeWindow();
    expect(app.electron.window?.minimized).toBe(true);
    await app.startAgain([]);
    expect(app.electron.window?.minimized).toBe(false);
    await server.stop();
    await app.until(({ server: now }) => now.state.kind === 'stopped');
    await app.closeWindow();
    expect(await app.electron.app.exited).toBe(0);
  });

  it('no tray because Electron is refused one, or none that can be asked: never without a window', async () => {
    for (const refuse of [true, false]) {
      const app = await driver.launch({
        argv: ['--hidden'],
        trayFails: refuse,
        // Neither gdbus nor dbus-send: nobody can tell.
        more: refuse ? {} : { run: async () => ({ code: -1, stdout: '' }) },
      });
      expect([await app.windowCount(), app.electron.trays.length]).toEqual([1, 0]);
      await app.closeWindow();
      expect(await app.electron.app.exited).toBe(0);
    }
  });

  it('a panel that goes away while the window is closed brings the window back, and one that comes takes it', async () => {
    let panel = true;
    const app = await driver.launch({
      argv: ['--hidden'],
      tray: () => panel,
      more: { trayRecheckMs: { first: 20, later: 20 } },
    });
    expect(await app.windowCount()).toBe(0);
    panel = false;
    await app.until(({ host }) => !host.capabilities.tray && !host.capabilities.startHidden);
    expect(await app.windowCount()).toBe(1);
    const [id] = await app.add((await stage.line()).text);
    await app.click({ kind: 'connectAll' });
    await app.until(({ statuses }) => statuses[id].on);
    await app.closeWindow();
    expect(app.electron.window?.minimized).toBe(true);
    panel = true;
    await app.until(({ host }) => host.capabilities.tray);
    await app.closeWindow();
    expect(await app.windowCount()).toBe(0);
    expect(app.electron.trays.at(-1)?.destroyed).toBe(false);
    await app.quit();
  });

  it('a file that is opened twice is shown from where it was named, and one that is not there is told of', async () => {
    const app = await driver.launch({ argv: ['--hidden'] });
    const { text } = await stage.line();
    writeFileSync(join(app.directory, 'one.culvert'), text);
    await app.startAgain(['one.culvert'], app.directory);
    await expect.poll(() => app.windowCount()).toBe(1);
    const page = await app.page();
    await page.getByRole('dialog').getByRole('button', { name: 'Import 1 profile' }).waitFor();
    await app.startAgain(['two.culvert'], app.directory);
    await expect.poll(() => app.logged('warn')).toContain('two.culvert could not be opened');
    await app.quit();
  });

  it('update offered: told, loaded, and installed only when the open connections may be cut', async () => {
    const calls: string[] = [];
    const updater: UpdaterSlice = {
      autoDownload: true,
      autoInstallOnAppQuit: true,
      checkForUpdates: async () => ({ isUpdateAvailable: true, updateInfo: { version: '9.9.9' } }),
      downloadUpdate: async () => calls.push('load'),
      quitAndInstall: () => void calls.push('install'),
      on: () => {},
    };
    const app = await driver.launch({ argv: ['--hidden'], platform: 'win32', more: { updater } });
    expect((await app.state()).host.capabilities.updates).toBe(false);
    await app.quit();

    const live = await driver.launch({
      argv: ['--hidden'],
      platform: 'win32',
      packaged: true,
      more: { updater },
    });
    const { text, port } = await stage.line();
    const [id] = await live.add(text);
    await live.click({ kind: 'connectAll' });
    await live.until(({ statuses }) => statuses[id].connection.kind === 'connected');
    const stream = await echo(port, 'live');
    const hooks = live.desktop.host.desktop;
    await hooks?.checkUpdate();
    expect((await live.state()).update).toEqual({ kind: 'available', version: '9.9.9' });
    expect(calls).toEqual([]);
    await hooks?.loadUpdate();
    expect((await live.state()).update).toEqual({ kind: 'ready', version: '9.9.9' });
    await expect
      .poll(() => live.desktop.host.stats.sample(Date.now(), 1_000, null).total.connections)
      .toBe(1);
    await hooks?.installUpdate();
    expect(live.electron.asked).toEqual(['1 connection is open.']);
    expect(calls).toEqual(['load']);
    live.electron.answer = 1;
    await hooks?.installUpdate();
    expect(calls).toEqual(['load', 'install']);
    await stream.ended;
  });

  it('settings of the desktop: keys that show the window, a rule as the proxy of the system', async () => {
    const values = new Map<string, string>();
    const initial = (key: string): string =>
      key.endsWith('port') ? '0' : key.endsWith('mode') ? "'none'" : "''";
    const app = await driver.launch({
      more: {
        run: async (program, [verb, schema, name, value]) => {
          const key = `${schema} ${name}`;
          if (program === 'gdbus') return { code: 0, stdout: '(<true>,)' };
          if (program !== 'gsettings') return { code: -1, stdout: '' };
          if (verb === 'set') values.set(key, value);
          return { code: 0, stdout: `${values.get(key) ?? initial(key)}\n` };
        },
      },
    });
    const { text } = await stage.line();
    const port = await freePort();
    const [id] = await app.add(text.replace(/-L \S+/, `-D ${port}`));
    const page = await app.page();
    await page.evaluate(() => {
      location.hash = '#/settings';
    });
    await page.getByLabel('Keys that show this window').fill('Ctrl+Alt+C');
    await page.keyboard.press('Tab');
    await page.getByLabel('Proxy of this system').selectOption({ index: 1 });
    await app.until(({ settings }) => settings.shortcut === 'Ctrl+Alt+C' && settings.systemProxy !== null);
    await app.closeWindow();
    app.electron.shortcuts.get('Ctrl+Alt+C')?.();
    expect(await app.windowCount()).toBe(1);
    // Off: nothing of the system is touched.
    expect([...values]).toEqual([]);
    await app.click({ kind: 'toggle', profileId: id, on: true });
    await expect.poll(() => values.get('org.gnome.system.proxy mode'), { timeout: 8_000 }).toBe("'manual'");
    expect(values.get('org.gnome.system.proxy.socks port')).toBe(String(port));
    expect(existsSync(join(app.directory, 'system-proxy.json'))).toBe(true);
    expect(await app.quit()).toBe(0);
    expect(values.get('org.gnome.system.proxy mode')).toBe("'none'");
    expect(values.get('org.gnome.system.proxy.socks port')).toBe('0');
    expect(existsSync(join(app.directory, 'system-proxy.json'))).toBe(false);
    expect(app.electron.shortcuts.size).toBe(0);
  });

  it('a broken window.json does not keep the window from opening', async () => {
    const app = await driver.launch({ argv: ['--hidden'] });
    await app.quit();
    writeFileSync(join(app.directory, 'window.json'), '{"x":');
    const next = await driver.launch({ directory: app.directory });
    await next.page();
    await next.quit();
  });
});
