import { proxySystems } from '../../../../src-main/shell/proxy/systems.ts';
import type { RunCommand } from '../../../../src-main/shell/run-command.ts';

/** A machine's proxy settings in memory, behind the commands that real ones are asked and set by. */
export interface Machine {
  readonly name: string;
  readonly system: ReturnType<typeof proxySystems>[number];
  readonly values: Map<string, string>;
  readonly run: RunCommand;
  /** Its settings as a person had them: none at all, switched off but filled in, and a proxy of the company's. */
  readonly befores: ReadonlyArray<Readonly<Record<string, string>>>;
  /** Another proxy that a person chooses meanwhile. */
  readonly theirs: Readonly<Record<string, string>>;
}

const ok = (stdout = ''): { code: number; stdout: string } => ({ code: 0, stdout });
const failed = { code: 1, stdout: '' };

function machine(
  name: string,
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
  answer: (values: Map<string, string>, program: string, args: readonly string[]) => ReturnType<typeof ok>,
  settings: Pick<Machine, 'befores' | 'theirs'>,
): Machine {
  const values = new Map<string, string>();
  const run: RunCommand = async (program, args) => answer(values, program, args);
  return { name, system: proxySystems(platform, env)[0], values, run, ...settings };
}

const GNOME = 'org.gnome.system.proxy';
const gnome = (): Machine =>
  machine(
    'GNOME',
    'linux',
    {},
    (values, program, [verb, schema, key, value]) => {
      if (program !== 'gsettings') return failed;
      const name = `${schema} ${key}`;
      if (verb === 'set') values.set(name, value);
      const initial = key === 'port' ? '0' : key === 'mode' ? "'none'" : "''";
      return ok(verb === 'get' ? `${values.get(name) ?? initial}\n` : '');
    },
    {
      befores: [
        {},
        { [`${GNOME}.http host`]: "'it\\'s old'", [`${GNOME}.http port`]: '3128' },
        {
          [`${GNOME} mode`]: "'manual'",
          [`${GNOME}.http host`]: "'corp.test'",
          [`${GNOME}.http port`]: '8080',
          [`${GNOME}.https host`]: "'corp.test'",
          [`${GNOME}.https port`]: '8080',
        },
      ],
      theirs: { [`${GNOME}.socks host`]: "'other.test'", [`${GNOME}.socks port`]: '9' },
    },
  );

const kde = (): Machine =>
  machine(
    'KDE',
    'linux',
    { XDG_CURRENT_DESKTOP: 'KDE' },
    (values, program, args) => {
      const key = args[args.indexOf('--key') + 1];
      if (program === 'kreadconfig6') return ok(`${values.get(key) ?? ''}\n`);
      if (program !== 'kwriteconfig6') return failed;
      if (args.includes('--delete')) values.delete(key);
      else values.set(key, args.at(-1) ?? '');
      return ok();
    },
    {
      // An entry of its own, since `0` and no entry are the same to KDE.
      befores: [
        { ProxyType: '0' },
        { ProxyType: '0', httpProxy: 'http://old.test 80' },
        { ProxyType: '1', httpProxy: 'http://corp.test 8080', socksProxy: 'socks://corp.test 1080' },
      ],
      theirs: { socksProxy: 'socks://other.test 9' },
    },
  );

const SERVICES = ['Wi-Fi', 'USB 10/100 LAN'];
const KINDS = ['webproxy', 'securewebproxy', 'socksfirewallproxy'];
const macos = (): Machine =>
  machine(
    'macOS',
    'darwin',
    {},
    (values, program, [verb, service, ...rest]) => {
      if (program !== 'networksetup') return failed;
      if (verb === '-listallnetworkservices') return ok(`An asterisk (*) …\n${SERVICES.join('\n')}\n`);
      const kind = KINDS.find((one) => verb === `-get${one}` || verb.startsWith(`-set${one}`));
      if (kind === undefined || !SERVICES.includes(service)) return failed;
      const name = `${kind} ${service}`;
      const [enabled, server, port] = (values.get(name) ?? 'No||0').split('|');
      if (verb.startsWith('-get')) return ok(`Enabled: ${enabled}\nServer: ${server}\nPort: ${port}\n`);
      if (verb.endsWith('state')) values.set(name, `${rest[0] === 'on' ? 'Yes' : 'No'}|${server}|${port}`);
      // As the real one does: an address that is set is used.
      else values.set(name, `Yes|${rest[0]}|${rest[1]}`);
      return ok();
    },
    {
      befores: [
        { 'webproxy Wi-Fi': 'No|old.test|80' },
        { 'webproxy Wi-Fi': 'Yes|corp.test|8080', 'socksfirewallproxy Wi-Fi': 'No|corp.test|1080' },
      ],
      theirs: { 'webproxy Wi-Fi': 'Yes|other.test|9' },
    },
  );

const windows = (): Machine =>
  machine(
    'Windows',
    'win32',
    {},
    (values, program, [verb, _key, _v, name, _t, type, _d, data]) => {
      if (program !== 'reg.exe') return failed;
      if (verb === 'query') {
        return ok(
          [...values].map(([one, value]) => `    ${one}    ${value.replace('|', '    ')}\r\n`).join(''),
        );
      }
      if (verb === 'delete') return values.delete(name) ? ok() : failed;
      const number = /^0x/.test(data) ? data : `0x${Number(data).toString(16)}`;
      values.set(name, `${type}|${type === 'REG_DWORD' ? number : data}`);
      return ok();
    },
    {
      befores: [
        { ProxyEnable: 'REG_DWORD|0x0' },
        { ProxyEnable: 'REG_DWORD|0x0', ProxyServer: 'REG_SZ|old.test:80', ProxyOverride: 'REG_SZ|' },
        {
          ProxyEnable: 'REG_DWORD|0x1',
          ProxyServer: 'REG_SZ|corp.test:8080',
          ProxyOverride: 'REG_SZ|*.corp',
        },
      ],
      theirs: { ProxyServer: 'REG_SZ|other.test:9' },
    },
  );

export const machines: ReadonlyArray<readonly [string, () => Machine]> = [
  ['GNOME', gnome],
  ['KDE', kde],
  ['macOS', macos],
  ['Windows', windows],
];
