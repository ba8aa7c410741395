/** Makes the system follow the settings: login item, shortcut, updates, the system's proxy. Only what has changed. */
import { isEveryHost } from '../../src-shared/address.ts';
import type { Settings } from '../../src-shared/settings.ts';
import type { AppState } from '../../src-shared/state.ts';
import type { Autostart } from './autostart.ts';
import type { Endpoint } from './proxy/proxy-system.ts';
import type { SystemProxy } from './proxy/system-proxy.ts';
import type { Shortcut } from './shortcut.ts';
import type { Updates } from './updates.ts';

export interface FollowersOptions {
  readonly autostart: Autostart | undefined;
  readonly shortcut: Shortcut;
  readonly updates: Updates | undefined;
  readonly proxy: SystemProxy;
  readonly setTheme: (theme: Settings['theme']) => void;
  readonly log: (text: string) => void;
}

export class SettingsFollower {
  private readonly options: FollowersOptions;
  private login = '';
  private endpoint = '';

  constructor(options: FollowersOptions) {
    this.options = options;
  }

  take(state: AppState): void {
    const { shortcut, updates, setTheme } = this.options;
    const { settings } = state;
    this.takeLogin(settings);
    shortcut.set(settings.shortcut);
    updates?.follow(settings.updates);
    setTheme(settings.theme);
    this.takeProxy(state);
  }

  private takeLogin({ startAtLogin, startHidden }: Settings): void {
    const { autostart, log } = this.options;
    const wanted = `${startAtLogin} ${startHidden}`;
    if (autostart === undefined || wanted === this.login) return;
    this.login = wanted;
    try {
      // What is off and not there is left alone: nothing is written at the first start.
      if (startAtLogin || autostart.isOn()) autostart.set(startAtLogin, startHidden);
    } catch (error) {
      log(`the start at login could not be set: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private takeProxy(state: AppState): void {
    const endpoint = proxyEndpoint(state);
    const key = endpoint === undefined ? '' : `${endpoint.host} ${endpoint.port}`;
    if (key === this.endpoint) return;
    this.endpoint = key;
    void this.options.proxy.set(endpoint).catch((error: unknown) => {
      this.options.log(`the system proxy: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
}

/** Where the chosen rule listens now. A password is nothing that a system's setting can carry. */
export function proxyEndpoint({ settings, profiles, statuses }: AppState): Endpoint | undefined {
  const { systemProxy } = settings;
  if (systemProxy === null) return undefined;
  const rule = profiles[systemProxy.profileId]?.rules.find(({ id }) => id === systemProxy.ruleId);
  const listener = statuses[systemProxy.profileId]?.listeners[systemProxy.ruleId];
  if (rule?.kind !== 'dynamic' || rule.auth !== null || listener?.kind !== 'listening') return undefined;
  const everywhere = listener.host === '' || isEveryHost(listener.host);
  const host = everywhere ? '127.0.0.1' : listener.host;
  return { host, port: listener.port };
}
