import type { Settings, SettingsChange } from '../../src-shared/settings.ts';
import type { Capabilities } from '../../src-shared/state.ts';
import type { ConfigKeeper } from './config-keeper.ts';
import { HostError } from './failures.ts';
import type { StateHub } from './state-hub.ts';

/** Settings that only some hosts have a use for. */
const NEEDS: Partial<Record<keyof Settings, keyof Capabilities>> = {
  startAtLogin: 'startAtLogin',
  startHidden: 'startHidden',
  notifications: 'notifications',
  updates: 'updates',
  shortcut: 'shortcut',
  systemProxy: 'systemProxy',
};

/** The settings as saved and shown; `onChange` lets what goes by them follow. */
export class SettingsService {
  private readonly hub: StateHub;
  private readonly config: ConfigKeeper;
  private readonly onChange: (settings: Settings) => void;

  constructor(hub: StateHub, config: ConfigKeeper, onChange: (settings: Settings) => void) {
    this.hub = hub;
    this.config = config;
    this.onChange = onChange;
    hub.set({ settings: config.settings });
  }

  /** ERR_UNSUPPORTED for one that this host has no use for. */
  change(change: SettingsChange): void {
    const { capabilities } = this.hub.state.host;
    for (const name of Object.keys(change) as Array<keyof Settings>) {
      const needed = NEEDS[name];
      if (needed !== undefined && !capabilities[needed]) {
        throw new HostError('ERR_UNSUPPORTED', `this host has no use for the setting ${name}`);
      }
    }
    this.replace({ ...this.config.settings, ...change });
  }

  /** All of them, as from a backup: what this host has no use for is kept for one that has. */
  replace(settings: Settings): void {
    this.config.save({ settings });
    this.hub.set({ settings });
    this.onChange(settings);
  }
}
