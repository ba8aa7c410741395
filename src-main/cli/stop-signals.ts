/** Signals that ask to end. Windows has SIGINT (Ctrl-C) and SIGBREAK alone. */
const STOP_SIGNALS = process.platform === 'win32' ? ['SIGINT', 'SIGBREAK'] : ['SIGINT', 'SIGTERM'];

/** Calls `onStop` for each signal that asks to end, the first and those after it. Returns how to stop listening. */
export function onStopSignal(onStop: () => void): () => void {
  for (const name of STOP_SIGNALS) process.on(name, onStop);
  return () => {
    for (const name of STOP_SIGNALS) process.off(name, onStop);
  };
}
