/** KDE: kioslaverc, by the tools of Plasma 6 or 5, and a word to running programs by D-Bus. */
import type { RunCommand } from '../run-command.ts';
import { type Command, type Endpoint, type ProxySystem, readLine, type Saved } from './proxy-system.ts';

const PLACE = ['--file', 'kioslaverc', '--group', 'Proxy Settings'];
const SWITCH = 'ProxyType';
const KEYS = [SWITCH, 'socksProxy', 'httpProxy', 'httpsProxy'] as const;
/** `ProxyType`: 0 none, 1 manual. */
const NONE = '0';
const MANUAL = '1';
/** Whose tools were found. Kept with the values, since the watchdog has nothing else to go by. */
const VERSION = 'version';
const RELOAD: Command = {
  program: 'dbus-send',
  args: ['--type=signal', '/KIO/Scheduler', 'org.kde.KIO.Scheduler.reparseSlaveConfiguration', 'string:'],
};

async function versionOf(run: RunCommand): Promise<'6' | '5' | undefined> {
  for (const version of ['6', '5'] as const) {
    if ((await run(`kreadconfig${version}`, [...PLACE, '--key', SWITCH])).code === 0) return version;
  }
  return undefined;
}

const write = (saved: Saved, key: string, value: string | null): Command => ({
  program: `kwriteconfig${saved[VERSION]}`,
  args: [...PLACE, '--key', key, ...(value === null ? ['--delete', ''] : [value])],
});

function applied({ host, port }: Endpoint): Saved {
  return {
    socksProxy: `socks://${host} ${port}`,
    httpProxy: `http://${host} ${port}`,
    httpsProxy: `http://${host} ${port}`,
    [SWITCH]: MANUAL,
  };
}

export const kdeProxy: ProxySystem = {
  name: 'kde',
  switchName: SWITCH,
  addresses: () => KEYS.slice(1),
  async read(run) {
    const version = await versionOf(run);
    if (version === undefined) return undefined;
    const saved: Record<string, string | null> = { [VERSION]: version };
    for (const key of KEYS) {
      const value = await readLine(run, `kreadconfig${version}`, [...PLACE, '--key', key]);
      saved[key] = value === undefined || value === '' ? null : value;
    }
    return saved;
  },
  apply: (endpoint, saved) => [
    ...Object.entries(applied(endpoint)).map(([key, value]) => write(saved, key, value)),
    RELOAD,
  ],
  applied,
  undo: (saved) => [
    ...KEYS.filter((key) => saved[key] !== undefined).map((key) =>
      // Without an entry it is the default, and programs that run read an entry sooner than its absence.
      write(saved, key, key === SWITCH ? (saved[key] ?? NONE) : saved[key]),
    ),
    RELOAD,
  ],
};
