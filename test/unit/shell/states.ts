import { headlessInfo } from '../../../src-main/host/headless.ts';
import { newDraft, type ProfileView } from '../../../src-shared/profile.ts';
import { type AppState, emptyState } from '../../../src-shared/state.ts';
import { type Connection, isUp } from '../../../src-shared/status.ts';

/** A state with profiles by their names, each with one rule; undefined: it is off. */
export function sampleState(
  given: Readonly<Record<string, Connection | undefined>>,
  settings: Partial<AppState['settings']> = {},
): AppState {
  const state = emptyState(headlessInfo('0.0.0'));
  const { secrets: _secrets, rules: _rules, ...common } = newDraft();
  for (const [name, connection] of Object.entries(given)) {
    const id = `id-${name}`;
    const profile: ProfileView = {
      ...common,
      id,
      name,
      rules: [
        {
          id: 'web',
          name: 'web',
          kind: 'static',
          enabled: true,
          bind: { host: '127.0.0.1', port: 8080 },
          target: { host: '', port: 80 },
        },
      ],
      createdAt: 1,
      updatedAt: 1,
      revision: 1,
      origin: 'user',
      secrets: { key: { kind: 'none' }, proxyPassword: false, ruleAuth: [] },
    };
    state.order.push(id);
    state.profiles[id] = profile;
    state.statuses[id] = {
      id,
      on: connection !== undefined,
      connection: connection ?? { kind: 'stopped' },
      lastFailure: null,
      listeners:
        connection !== undefined && isUp(connection)
          ? { web: { kind: 'listening', host: '127.0.0.1', port: 8080 } }
          : {},
    };
  }
  return { ...state, settings: { ...state.settings, ...settings } };
}
