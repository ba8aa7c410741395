import type { Capabilities, HostInfo } from '../../src-shared/state.ts';
import { headlessInfo } from '../host/headless.ts';

export interface DesktopFacts {
  readonly version: string;
  readonly electron: string;
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  readonly can: Pick<Capabilities, 'startAtLogin' | 'notifications' | 'updates' | 'tray'>;
}

/** What this desktop can do, for the page. */
export function desktopInfo({ version, electron, platform, arch, can }: DesktopFacts): HostInfo {
  return {
    kind: 'desktop',
    version,
    platform: `${platform} ${arch}`,
    runtime: `electron ${electron}`,
    time: 0,
    capabilities: {
      // What the engine can do, a desktop changes nothing about.
      ...headlessInfo(version).capabilities,
      ...can,
      // Without a tray a start without a window would leave nothing to come back by.
      startHidden: can.tray,
      clockSettings: clockSettings(platform) !== undefined,
      shortcut: true,
      systemProxy: true,
    },
  };
}

/** The address of the system's clock settings. Linux desktops have no common one. */
export function clockSettings(platform: NodeJS.Platform): string | undefined {
  if (platform === 'win32') return 'ms-settings:dateandtime';
  if (platform === 'darwin') return 'x-apple.systempreferences:com.apple.preference.datetime';
  return undefined;
}
