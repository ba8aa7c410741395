import type { ProfileView } from '../../../src-shared/profile.ts';
import { newDraft } from '../../../src-shared/profile.ts';
import type { HostInfo } from '../../../src-shared/state.ts';

/** A host that can do nothing special, and profiles, for the tests of src-shared. */
export const hostInfo: HostInfo = {
  kind: 'headless',
  version: '0.1.0',
  platform: 'linux',
  runtime: 'node 20',
  time: 1_000,
  capabilities: {
    startAtLogin: false,
    startHidden: false,
    notifications: false,
    updates: false,
    tray: false,
    clockSettings: false,
    shortcut: false,
    systemProxy: false,
    portOwner: true,
    kcp: false,
    udpRules: false,
  },
};

export function profileView(id: string, change: Partial<ProfileView> = {}): ProfileView {
  const { secrets: _secrets, rules: _rules, ...settings } = newDraft({ name: `server ${id}` });
  return {
    ...settings,
    id,
    server: { scheme: 'http', host: 'server.example', port: 80, path: '/' },
    rules: [],
    createdAt: 1,
    updatedAt: 1,
    revision: 1,
    origin: 'user',
    secrets: { key: { kind: 'none' }, proxyPassword: false, ruleAuth: [] },
    ...change,
  };
}
