/** Sleep, wake, lock and unlock reach the engine, which checks its carriers at once instead of waiting for timeouts. */
import type { PowerSlice } from './electron-api.ts';

export interface PowerOptions {
  readonly power: PowerSlice;
  /** `online`: what is known of the network; null: look for yourself. */
  readonly networkChanged: (online: boolean | null) => void;
  readonly retryNow: () => void;
  /** The session ends: there is little time. */
  readonly shutDown: () => void;
  readonly log: (text: string) => void;
}

export function followPower({ power, networkChanged, retryNow, shutDown, log }: PowerOptions): void {
  power.on('suspend', () => {
    log('the machine goes to sleep');
    // Streams are held rather than lost: nothing is dialed into a network that is about to end.
    networkChanged(false);
  });
  power.on('resume', () => {
    log('the machine is awake');
    networkChanged(null);
    retryNow();
  });
  // A locked machine goes on; what it may have missed while its network slept is looked at when it is back.
  power.on('lock-screen', () => log('the screen is locked'));
  power.on('unlock-screen', () => networkChanged(null));
  power.on('shutdown', (event) => {
    // Linux and macOS wait for a program that asks them to; Windows ends its windows, and the app by them.
    event?.preventDefault();
    shutDown();
  });
}
