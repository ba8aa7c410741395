/** Signals that ask to end. Windows has SIGINT (Ctrl-C) and SIGBREAK alone. */
const STOP_SIGNALS = process.platform === 'win32' ? ['SIGINT', 'SIGBREAK'] : ['SIGINT', 'SIGTERM'];

/**
 * Calls `onStop` for each signal that asks to end, the first and those after it, until the process has ended: one that
 * comes while it ends must not become its exit code.
 */
export function onStopSignal(onStop: () => void): void {
  for (const name of STOP_SIGNALS) process.on(name, onStop);
}
