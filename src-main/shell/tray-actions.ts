/** What a click in the tray does to the host. */
import { assertNever } from '../../src-shared/schema.ts';
import type { Host } from '../host/host.ts';
import type { TrayAction } from './tray-model.ts';

export interface TrayTargets {
  readonly host: Pick<Host, 'config' | 'profiles' | 'runs'>;
  readonly open: () => void;
  readonly quit: () => void;
  readonly copy: (text: string) => void;
}

export function actOnTray(action: TrayAction, { host, open, quit, copy }: TrayTargets): void {
  const { config, profiles, runs } = host;
  switch (action.kind) {
    case 'open':
      return open();
    case 'quit':
      return quit();
    case 'copy':
      return copy(action.text);
    case 'retry':
      return runs.retryNow(null);
    case 'connectAll':
      for (const profile of config.profiles) runs.connect(profile);
      return;
    case 'disconnectAll':
      for (const { id } of config.profiles) runs.disconnect(id);
      if (profiles.guest !== undefined) runs.disconnect(profiles.guest.profile.id);
      return;
    case 'toggle': {
      // The menu may be older than the list.
      const known =
        config.find(action.profileId) !== undefined || profiles.guest?.profile.id === action.profileId;
      if (!known) return;
      if (action.on) runs.connect(profiles.find(action.profileId));
      else runs.disconnect(action.profileId);
      return;
    }
    default:
      return assertNever(action);
  }
}
