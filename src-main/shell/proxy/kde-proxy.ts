/** KDE: kioslaverc, by the tools of Plasma 6 or 5, and a word to running programs by D-Bus. */
import type { RunCommand } from '../run-command.ts';
import { type Command, type Endpoint, type ProxySystem, readLine, type Saved } from './proxy-system.ts';

const PLACE = ['--file', 'kioslaverc', '--group', 'Proxy Settings'];
const KEYS = ['ProxyType', 'socksProxy', 'httpProxy', 'httpsProxy'] as const;
/** `ProxyType`: 0 none, 1 manual. */
const NONE = '0';
const MANUAL = '1';
const RELOAD: Command = {
  program: 'dbus-send',
  args: ['--type=signal', '/KIO/Scheduler', 'org.kde.KIO.Scheduler.reparseSlaveConfiguration', 'string:'],
};

async function versionOf(run: RunCommand): Promise<'6' | '5' | undefined> {
  for (const version of ['6', '5'] as const) {
    if ((await run(`kreadconfig${version}`, [...PLACE, '--key', 'ProxyType'])).code === 0) return version;
  }
  return undefined;
}

const write = (saved: Saved, key: string, value: string | null): Command => ({
  program: `kwriteconfig${saved.version}`,
  args: [...PLACE, '--key', key, ...(value === null ? ['--delete', ''] : [value])],
});

export const kdeProxy: ProxySystem = {
  name: 'kde',
  async read(run) {
    const version = await versionOf(run);
    if (version === undefined) return undefined;
    const saved: Record<string, string | null> = { version };
    for (const key of KEYS) {
      const value = await readLine(run, `kreadconfig${version}`, [...PLACE, '--key', key]);
      saved[key] = value === undefined || value === '' ? null : value;
    }
    return saved;
  },
  apply: ({ host, port }: Endpoint, saved) => [
    write(saved, 'socksProxy', `socks://${host} ${port}`),
    write(saved, 'httpProxy', `http://${host} ${port}`),
    write(saved, 'httpsProxy', `http://${host} ${port}`),
    write(saved, 'ProxyType', MANUAL),
    RELOAD,
  ],
  undo: (saved) => [
    write(saved, 'ProxyType', saved.ProxyType ?? NONE),
    ...KEYS.slice(1).map((key) => write(saved, key, saved[key] ?? null)),
    RELOAD,
  ],
  isOurs: (now, { host, port }) => now.ProxyType === MANUAL && now.socksProxy === `socks://${host} ${port}`,
};
