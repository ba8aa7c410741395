import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ElectronApplication, _electron as electron, type Page } from 'playwright-core';
import type { Desktop } from '../../src-main/shell/desktop-run.ts';
import type { TrayAction, TrayModel } from '../../src-main/shell/tray-model.ts';
import { importText } from '../../src-shared/import.ts';
import type { AppState } from '../../src-shared/state.ts';
import { root } from '../support/sources.ts';
import type { Driver, LaunchOptions, RunningApp } from './driver.ts';

/** What main.ts leaves for the tests in a program that is not packed. */
declare global {
  var culvertDesktop: Desktop | undefined;
}

/** Electron's program where it is installed: `npm ci` loads none (scripts are off), `npx install-electron` does. */
function electronProgram(): string {
  const folder = join(root, 'node_modules/electron');
  const path = join(folder, 'path.txt');
  if (!existsSync(path)) throw new Error('Electron has no program here: run npx install-electron');
  return join(process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(folder, 'dist'), readFileSync(path, 'utf8'));
}

/** Looked at so often until the state is as wanted, ms: the state itself cannot be followed from outside. */
const LOOK_MS = 50;
const LIMIT_MS = 20_000;

/** The app in real Electron, with what only that can show. */
export class ElectronApp implements RunningApp {
  readonly directory: string;
  readonly electron: ElectronApplication;

  constructor(directory: string, app: ElectronApplication) {
    this.directory = directory;
    this.electron = app;
  }

  state = (): Promise<AppState> =>
    this.electron.evaluate(() => {
      if (globalThis.culvertDesktop === undefined) throw new Error('the app has not started');
      return globalThis.culvertDesktop.host.hub.state;
    });

  async until(wanted: (state: AppState) => boolean): Promise<AppState> {
    const end = performance.now() + LIMIT_MS;
    for (;;) {
      const state = await this.state();
      if (wanted(state)) return state;
      if (performance.now() > end) throw new Error(`not so: ${JSON.stringify(state.statuses)}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /**
   * All processes together: memory, MB, and the share of a core since this was asked last. On Linux what processes share is
   * counted once (PSS); elsewhere it is in each.
   */
  async figures(): Promise<{ memory: number; core: number }> {
    const metrics = await this.electron.evaluate(({ app }) => app.getAppMetrics());
    const kilobytes = metrics.map(({ pid, memory }) => proportionalSet(pid) ?? memory.workingSetSize);
    return {
      memory: kilobytes.reduce((sum, one) => sum + one, 0) / 1_024,
      core: metrics.reduce((sum, { cpu }) => sum + cpu.percentCPUUsage, 0) / 100,
    };
  }

  tray = (): Promise<TrayModel> =>
    this.electron.evaluate(() => {
      if (globalThis.culvertDesktop === undefined) throw new Error('the app has not started');
      return globalThis.culvertDesktop.view.model;
    });
  click = (action: TrayAction): Promise<void> =>
    this.electron.evaluate((_electron, given) => globalThis.culvertDesktop?.act(given), action);

  async page(): Promise<Page> {
    const page = this.electron.windows()[0] ?? (await this.electron.waitForEvent('window'));
    await page.waitForSelector('.frame');
    return page;
  }

  windowCount = (): Promise<number> =>
    this.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);

  /** As a person closes it. Resolves when the window is gone. */
  async closeWindow(): Promise<void> {
    await this.electron.evaluate(
      ({ BrowserWindow }) =>
        new Promise<void>((resolve) => {
          const [window] = BrowserWindow.getAllWindows();
          window.once('closed', () => resolve());
          window.close();
        }),
    );
  }

  async startAgain(argv: readonly string[]): Promise<void> {
    const args = [root, '--no-sandbox', `--data=${this.directory}`, ...argv];
    const other = spawn(electronProgram(), args, { stdio: 'ignore' });
    await once(other, 'exit');
  }

  async add(text: string): Promise<readonly string[]> {
    const read = importText(text);
    if (!read.ok) throw new Error(`${read.error.reason} ${read.error.part}`);
    const items = read.items.map(({ draft }) => ({ draft, replace: null }));
    return this.electron.evaluate(async (_electron, given) => {
      const applied = await globalThis.culvertDesktop?.host.transfer.apply(given);
      return applied?.ids ?? [];
    }, items);
  }

  changeSettings = (change: Partial<AppState['settings']>): Promise<void> =>
    this.electron.evaluate(
      (_electron, given) => globalThis.culvertDesktop?.host.settings.change(given),
      change,
    );
  wake = (): Promise<void> =>
    this.electron.evaluate(({ powerMonitor }) => {
      powerMonitor.emit('suspend');
      powerMonitor.emit('resume');
    });
  crashEngine = (): Promise<void> =>
    this.electron.evaluate(() => globalThis.culvertDesktop?.host.engine.crash());

  async quit(): Promise<number> {
    const child = this.electron.process();
    const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? -1)));
    await this.electron.evaluate(({ app }) => app.quit()).catch(() => {});
    return ended;
  }

  async destroy(): Promise<void> {
    const child = this.electron.process();
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  }
}

/** KB; undefined: this system does not tell. */
function proportionalSet(pid: number): number | undefined {
  const path = `/proc/${pid}/smaps_rollup`;
  if (process.platform !== 'linux' || !existsSync(path)) return undefined;
  return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(path, 'utf8'))?.[1]);
}

/** Real Electron, driven by Playwright. A Linux without a display needs Xvfb around it. */
export class ElectronDriver implements Driver {
  readonly name = 'electron';
  private readonly apps: ElectronApp[] = [];
  private readonly directories: string[] = [];

  async launch({ argv = [], directory }: LaunchOptions = {}): Promise<ElectronApp> {
    const place = directory ?? mkdtempSync(join(tmpdir(), 'culvert-electron-'));
    this.directories.push(place);
    const app = await electron.launch({
      executablePath: electronProgram(),
      args: [root, '--no-sandbox', `--data=${place}`, ...argv],
    });
    const running = new ElectronApp(place, app);
    this.apps.push(running);
    await app.evaluate(async () => {
      while (globalThis.culvertDesktop === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    });
    return running;
  }

  async close(): Promise<void> {
    for (const app of this.apps) await app.destroy();
    for (const directory of this.directories) rmSync(directory, { recursive: true, force: true });
  }
}
