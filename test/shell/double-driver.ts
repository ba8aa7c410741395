import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ElectronStore from 'electron-store';
import type { Browser, Page } from 'playwright-core';
import type { EngineRun } from '../../src-main/host/engine-link.ts';
import { startDesktop } from '../../src-main/shell/desktop.ts';
import type { DesktopOptions } from '../../src-main/shell/desktop-options.ts';
import type { Desktop } from '../../src-main/shell/desktop-run.ts';
import type { SafeStorageSlice } from '../../src-main/shell/electron-api.ts';
import { electronFiles } from '../../src-main/shell/electron-files.ts';
import { followState } from '../../src-main/shell/state-follower.ts';
import type { TrayAction } from '../../src-main/shell/tray-model.ts';
import { importText } from '../../src-shared/import.ts';
import type { LogLevel } from '../../src-shared/settings.ts';
import type { AppState } from '../../src-shared/state.ts';
import { engineThread } from '../support/host-rig.ts';
import { root } from '../support/sources.ts';
import { openBrowser } from '../ui/ui-rig.ts';
import type { Driver, LaunchOptions, RunningApp } from './driver.ts';
import { ElectronDouble, keyringDouble } from './electron-double.ts';
import { ipcMain } from './electron-module.ts';

export interface DoubleOptions extends LaunchOptions {
  readonly storage?: SafeStorageSlice;
  readonly platform?: NodeJS.Platform;
  readonly tray?: () => boolean;
  readonly env?: NodeJS.ProcessEnv;
  readonly packaged?: boolean;
  readonly trayFails?: boolean;
  readonly openedAtLogin?: boolean;
  readonly more?: Partial<DesktopOptions>;
}

/** An app over the double, with what only a double can show. */
export class DoubleApp implements RunningApp {
  readonly directory: string;
  readonly electron: ElectronDouble;
  readonly desktop: Desktop;
  private readonly killEngine: () => Promise<unknown>;

  constructor(
    directory: string,
    electron: ElectronDouble,
    desktop: Desktop,
    killEngine: () => Promise<unknown>,
  ) {
    this.directory = directory;
    this.electron = electron;
    this.desktop = desktop;
    this.killEngine = killEngine;
  }

  state = async (): Promise<AppState> => this.desktop.host.hub.state;

  until(wanted: (state: AppState) => boolean, limitMs = 10_000): Promise<AppState> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        stop();
        const { statuses, notices, update } = this.desktop.host.hub.state;
        reject(new Error(`not within ${limitMs} ms: ${JSON.stringify({ statuses, notices, update })}`));
      }, limitMs);
      const stop = followState(this.desktop.host.hub, (state) => {
        if (!wanted(state)) return;
        clearTimeout(timer);
        stop();
        resolve(state);
      });
    });
  }

  /** The log as it would be exported. */
  async logged(level: LogLevel): Promise<string> {
    let lines = '';
    const filter = { level, profileId: null, text: '' };
    for await (const { text } of this.desktop.host.logs.export(filter, (line) => line)) lines += text;
    return lines;
  }

  tray = async () => this.desktop.view.model;
  click = async (action: TrayAction): Promise<void> => this.desktop.act(action);

  async page(): Promise<Page> {
    const { window } = this.electron;
    if (window === undefined) throw new Error('there is no window');
    const page = await window.page;
    await page.waitForSelector('.frame');
    return page;
  }

  windowCount = async () => this.electron.windows.filter((window) => !window.isDestroyed()).length;
  closeWindow = async () => this.electron.window?.close();
  startAgain = async (argv: readonly string[], folder = '/') => {
    this.electron.app.emit('second-instance', {}, ['culvert', ...argv], folder);
  };

  async add(text: string): Promise<readonly string[]> {
    const read = importText(text);
    if (!read.ok) throw new Error(`${read.error.reason} ${read.error.part}`);
    const items = read.items.map(({ draft }) => ({ draft, replace: null }));
    return (await this.desktop.host.transfer.apply(items)).ids;
  }

  changeSettings = async (change: Partial<AppState['settings']>) => this.desktop.host.settings.change(change);
  wake = async () => {
    this.electron.power.emit('suspend');
    this.electron.power.emit('resume');
  };
  crashEngine = async () => void (await this.killEngine());

  async quit(): Promise<number> {
    this.electron.app.quit();
    return this.electron.app.exited;
  }

  async destroy(): Promise<void> {
    await this.desktop.quitting.quit();
    for (const window of this.electron.windows) window.destroy();
  }
}

export class DoubleDriver implements Driver {
  readonly name = 'double';
  private readonly apps: DoubleApp[] = [];
  private readonly directories: string[] = [];
  private browser: Promise<Browser> | undefined;

  readonly openBrowser = (): Promise<Browser> => {
    this.browser ??= openBrowser();
    return this.browser;
  };

  async launch(options: DoubleOptions = {}): Promise<DoubleApp> {
    const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'culvert-shell-'));
    this.directories.push(directory);
    const electron = new ElectronDouble(this.openBrowser, options.storage ?? keyringDouble());
    electron.app.isPackaged = options.packaged ?? false;
    electron.trayFails = options.trayFails ?? false;
    electron.app.openedAtLogin = options.openedAtLogin ?? false;
    let engine: EngineRun | undefined;
    const hasTray = options.tray ?? (() => true);
    const desktop = await startDesktop({
      api: electron.api,
      platform: options.platform ?? 'linux',
      env: options.env ?? { XDG_CONFIG_HOME: join(directory, 'xdg') },
      argv: ['culvert', ...(options.argv ?? [])],
      home: directory,
      execPath: '/opt/Culvert/culvert',
      versions: { version: '0.1.0', electron: '45.5.0', arch: 'x64' },
      directory,
      files: electronFiles(directory, ElectronStore, ipcMain),
      page: join(root, 'out/renderer'),
      preload: join(root, 'out/src-main/shell/preload.cjs'),
      trayIcons: join(root, 'assets/tray'),
      windowIcon: undefined,
      run: async (program) => {
        if (program === 'gdbus') return { code: 0, stdout: hasTray() ? '(<true>,)' : '(<false>,)' };
        return { code: -1, stdout: '' };
      },
      startWatchdog: () => ({ dismiss: () => {} }),
      startEngine: (generation) => {
        engine = engineThread(generation);
        return engine;
      },
      updater: undefined,
      releasePage: (version) => `https://releases.test/v${version}`,
      notifications: true,
      setTheme: () => {},
      ...options.more,
    });
    if (desktop === undefined) throw new Error('another instance runs');
    const app = new DoubleApp(directory, electron, desktop, async () => engine?.kill());
    this.apps.push(app);
    return app;
  }

  async close(): Promise<void> {
    for (const app of this.apps) await app.destroy();
    await (await this.browser)?.close();
    for (const directory of this.directories) rmSync(directory, { recursive: true, force: true });
  }
}
