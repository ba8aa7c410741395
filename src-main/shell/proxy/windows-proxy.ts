/** Windows: the user's Internet Settings in the registry, and a word to running programs. */
import { type Command, type Endpoint, type ProxySystem, readLine } from './proxy-system.ts';

const KEY = 'HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings';
const SWITCH = 'ProxyEnable';
const VALUES = [SWITCH, 'ProxyServer', 'ProxyOverride'] as const;
/** Names without dots, which are asked for without the proxy. */
const OVERRIDE = '<local>';

/** INTERNET_OPTION_SETTINGS_CHANGED (39) and INTERNET_OPTION_REFRESH (37) of wininet. */
const REFRESH: Command = {
  program: 'powershell.exe',
  args: [
    '-NoProfile',
    '-NonInteractive',
    '-Command',
    '$w=Add-Type -Name W -Namespace C -PassThru -MemberDefinition \'[DllImport(""wininet.dll"")]public static extern ' +
      "bool InternetSetOption(System.IntPtr h,int o,System.IntPtr b,int l);';" +
      '$z=[System.IntPtr]::Zero;[void]$w::InternetSetOption($z,39,$z,0);[void]$w::InternetSetOption($z,37,$z,0)',
  ],
};

const add = (name: string, type: string, data: string): Command => ({
  program: 'reg.exe',
  args: ['add', KEY, '/v', name, '/t', type, '/d', data, '/f'],
});

/** A value as `REG_SZ|text`, from a line `    ProxyServer    REG_SZ    text`. */
function packed(text: string, name: string): string | null {
  const line = new RegExp(`^\\s*${name}\\s+(REG_\\w+)[ \\t]*(.*?)\\r?$`, 'm').exec(text);
  return line === null ? null : `${line[1]}|${line[2]}`;
}

export const windowsProxy: ProxySystem = {
  name: 'windows',
  switchName: SWITCH,
  addresses: () => ['ProxyServer'],
  async read(run) {
    const text = await readLine(run, 'reg.exe', ['query', KEY]);
    if (text === undefined) return undefined;
    return Object.fromEntries(VALUES.map((name) => [name, packed(text, name)]));
  },
  // The dynamic port speaks HTTP too; `socks=` would be SOCKS4, which cannot carry names.
  apply: ({ host, port }: Endpoint) => [
    add('ProxyServer', 'REG_SZ', `${host}:${port}`),
    add('ProxyOverride', 'REG_SZ', OVERRIDE),
    add(SWITCH, 'REG_DWORD', '1'),
    REFRESH,
  ],
  applied: ({ host, port }) => ({
    ProxyServer: `REG_SZ|${host}:${port}`,
    ProxyOverride: `REG_SZ|${OVERRIDE}`,
    // `reg.exe` prints numbers so.
    [SWITCH]: 'REG_DWORD|0x1',
  }),
  undo: (saved) => [
    ...VALUES.filter((name) => saved[name] !== undefined).map((name): Command => {
      const value = saved[name];
      if (value === null) {
        // It is always there on a machine that was ever set up; without it, off is the same.
        if (name === SWITCH) return add(name, 'REG_DWORD', '0');
        return { program: 'reg.exe', args: ['delete', KEY, '/v', name, '/f'] };
      }
      const [type, ...data] = value.split('|');
      return add(name, type, data.join('|'));
    }),
    REFRESH,
  ],
};
