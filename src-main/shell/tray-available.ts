/** Whether a tray icon would be seen. macOS and Windows always have a place for it; Linux where a panel offers one. */
import type { RunCommand } from './run-command.ts';

const WATCHER = 'org.kde.StatusNotifierWatcher';
const ASK: ReadonlyArray<readonly [string, readonly string[]]> = [
  [
    'gdbus',
    [
      ...['call', '--session', '--dest', WATCHER, '--object-path', '/StatusNotifierWatcher'],
      ...['--method', 'org.freedesktop.DBus.Properties.Get', WATCHER, 'IsStatusNotifierHostRegistered'],
    ],
  ],
  [
    'dbus-send',
    [
      ...['--session', '--print-reply', `--dest=${WATCHER}`, '/StatusNotifierWatcher'],
      ...['org.freedesktop.DBus.Properties.Get', `string:${WATCHER}`],
      'string:IsStatusNotifierHostRegistered',
    ],
  ],
];

/** False where nobody can tell: then the app behaves as if there were none, and stays reachable. */
export async function isTrayAvailable(platform: NodeJS.Platform, run: RunCommand): Promise<boolean> {
  if (platform === 'darwin' || platform === 'win32') return true;
  for (const [command, args] of ASK) {
    const result = await run(command, args);
    if (result.code === 0) return /\btrue\b/.test(result.stdout);
  }
  return false;
}
