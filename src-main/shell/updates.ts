/** Updates: looked for by electron-updater; installed where the package can be, else the release page is opened. */
import type { Failure } from '../../src-shared/errors.ts';
import type { Settings } from '../../src-shared/settings.ts';
import type { UpdateState } from '../../src-shared/state.ts';
import type { DesktopHooks } from '../host/desktop-hooks.ts';
import { makeFailure } from '../host/failures.ts';

/** As much of electron-updater's AppUpdater as is used. */
export interface UpdaterSlice {
  autoDownload: boolean;
  autoInstallOnAppQuit: boolean;
  checkForUpdates(): Promise<{
    readonly isUpdateAvailable: boolean;
    readonly updateInfo: { readonly version: string };
  } | null>;
  downloadUpdate(): Promise<unknown>;
  quitAndInstall(isSilent?: boolean, isForceRunAfter?: boolean): void;
  on(event: 'download-progress', listener: (progress: { readonly percent: number }) => void): unknown;
}

export interface UpdatesOptions {
  readonly updater: UpdaterSlice;
  /** A deb or rpm belongs to the system's own package manager. */
  readonly installs: boolean;
  readonly show: (state: UpdateState) => void;
  readonly openReleases: (version: string) => void;
  /** Connections that are open now. */
  readonly liveStreams: () => number;
  /** Asks whether to restart although so many connections are open. */
  readonly mayCut: (streams: number) => Promise<boolean>;
  /** Ends everything in order, before the installer takes over. */
  readonly drain: () => Promise<void>;
  /** Starts the app anew, as it is: an installer has not taken over. */
  readonly restart: () => void;
  readonly now: () => number;
}

/** First look after the start, then daily, ms. */
const FIRST_LOOK_MS = 30_000;
const LOOK_EVERY_MS = 24 * 3_600_000;
/** An installer ends the app within this, or it has failed. ms */
const TAKE_OVER_MS = 20_000;

export class Updates implements Pick<DesktopHooks, 'checkUpdate' | 'loadUpdate' | 'installUpdate'> {
  private readonly options: UpdatesOptions;
  private found: string | undefined;
  private phase: 'idle' | 'checking' | 'loading' | 'ready' | 'installing' = 'idle';
  private choice: Settings['updates'] = 'off';
  private timer: NodeJS.Timeout | undefined;

  constructor(options: UpdatesOptions) {
    this.options = options;
    const { updater } = options;
    // Nothing is loaded or installed but by the code below.
    updater.autoDownload = false;
    updater.autoInstallOnAppQuit = false;
    updater.on('download-progress', ({ percent }) => {
      if (this.phase === 'loading') this.showLoading(percent);
    });
  }

  /** Follows the setting: `auto` loads and installs at quit, `ask` only tells, `off` never looks. */
  follow(choice: Settings['updates']): void {
    if (choice === this.choice) return;
    this.choice = choice;
    this.options.updater.autoInstallOnAppQuit = choice === 'auto' && this.options.installs;
    clearTimeout(this.timer);
    if (choice !== 'off') this.lookIn(FIRST_LOOK_MS);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  async checkUpdate(): Promise<void> {
    if (this.phase !== 'idle') return;
    const { updater, show, now } = this.options;
    this.phase = 'checking';
    show({ kind: 'checking' });
    try {
      const result = await updater.checkForUpdates();
      this.found = result?.isUpdateAvailable ? result.updateInfo.version.slice(0, 64) : undefined;
      this.phase = 'idle';
      show(
        this.found === undefined
          ? { kind: 'idle', checkedAt: now() }
          : { kind: 'available', version: this.found },
      );
    } catch (error) {
      this.fail(error);
    }
  }

  async loadUpdate(): Promise<void> {
    const { updater, show, installs, openReleases } = this.options;
    if (this.found === undefined || this.phase !== 'idle') return;
    if (!installs) return openReleases(this.found);
    this.phase = 'loading';
    this.showLoading(0);
    try {
      await updater.downloadUpdate();
      this.phase = 'ready';
      show({ kind: 'ready', version: this.found });
    } catch (error) {
      this.fail(error);
    }
  }

  /** Never under live streams without asking. */
  async installUpdate(): Promise<void> {
    const { updater, liveStreams, mayCut, drain, restart } = this.options;
    if (this.phase !== 'ready') return;
    const streams = liveStreams();
    this.phase = 'installing';
    if (streams > 0 && !(await mayCut(streams))) {
      this.phase = 'ready';
      return;
    }
    await drain();
    // What has drained forwards nothing any more, so that it must not stay if the installer does not come.
    setTimeout(restart, TAKE_OVER_MS).unref();
    try {
      updater.quitAndInstall(false, true);
    } catch {
      restart();
    }
  }

  private lookIn(ms: number): void {
    this.timer = setTimeout(async () => {
      await this.checkUpdate();
      if (this.choice === 'auto' && this.options.installs) await this.loadUpdate();
      if (this.choice !== 'off') this.lookIn(LOOK_EVERY_MS);
    }, ms);
    this.timer.unref();
  }

  private showLoading(percent: number): void {
    const rounded = Math.min(100, Math.max(0, percent));
    this.options.show({ kind: 'loading', version: this.found ?? '', percent: rounded });
  }

  private fail(error: unknown): void {
    this.phase = 'idle';
    const text = error instanceof Error ? error.message : String(error);
    const failure: Failure = makeFailure('ERR_UPDATE', `the update failed: ${text}`);
    this.options.show({ kind: 'failed', failure });
  }
}

/** Whether this package can replace itself. undefined: it was not installed at all (a checkout), so there is no update. */
export function updateWay(
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
  isPackaged: boolean,
): 'installs' | 'page' | undefined {
  if (!isPackaged || env.FLATPAK_ID !== undefined || env.SNAP !== undefined) return undefined;
  if (platform === 'darwin' || platform === 'win32' || env.APPIMAGE !== undefined) return 'installs';
  return 'page';
}
