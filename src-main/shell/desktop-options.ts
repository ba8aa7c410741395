import type { Settings } from '../../src-shared/settings.ts';
import type { StartEngine } from '../host/engine-link.ts';
import type { OpenJsonFile } from '../host/json-document.ts';
import type { ElectronApi } from './electron-api.ts';
import type { StartWatchdog } from './proxy/watchdog.ts';
import type { RunCommand } from './run-command.ts';
import type { TrayKeeperOptions } from './tray-keeper.ts';
import type { UpdaterSlice } from './updates.ts';

/** Everything that the desktop app takes from where it runs. */
export interface DesktopOptions {
  readonly api: ElectronApi;
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  readonly argv: readonly string[];
  readonly home: string;
  readonly execPath: string;
  readonly versions: { readonly version: string; readonly electron: string; readonly arch: string };
  /** Where profiles, keys and settings are: that of `culvert ui`. */
  readonly directory: string;
  /** How they are written there. */
  readonly files: OpenJsonFile;
  /** Absolute paths: the built page, the built preload, the icons. */
  readonly page: string;
  readonly preload: string;
  readonly trayIcons: string;
  readonly windowIcon: string | undefined;
  readonly run: RunCommand;
  readonly startWatchdog: StartWatchdog;
  /** Default: a thread. */
  readonly startEngine?: StartEngine;
  /** undefined: this build has none. */
  readonly updater: UpdaterSlice | undefined;
  readonly releasePage: (version: string) => string;
  /** Whether the system shows notifications. */
  readonly notifications: boolean;
  /** How often a panel is looked for. Default: that of tray-keeper.ts. */
  readonly trayRecheckMs?: TrayKeeperOptions['recheckMs'];
  readonly setTheme: (theme: Settings['theme']) => void;
}
