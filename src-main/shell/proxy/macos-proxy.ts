/** macOS: `networksetup`, for every network service that is switched on. */
import type { RunCommand } from '../run-command.ts';
import { type Command, type Endpoint, type ProxySystem, readLine } from './proxy-system.ts';

/** Services that are looked at; a machine has a handful. */
const MAX_SERVICES = 32;
const KINDS = ['socksfirewallproxy', 'webproxy', 'securewebproxy'] as const;

const command = (...args: string[]): Command => ({ program: 'networksetup', args });

async function services(run: RunCommand): Promise<readonly string[] | undefined> {
  const text = await readLine(run, 'networksetup', ['-listallnetworkservices']);
  // The first line explains the asterisk, which marks a service that is off.
  return text
    ?.split(/\r?\n/)
    .slice(1)
    .filter((line) => line !== '' && !line.startsWith('*'))
    .slice(0, MAX_SERVICES);
}

/** `Enabled: Yes`, `Server: host`, `Port: 1080` as `Yes|host|1080`. */
function packed(text: string): string {
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1] ?? '';
  return [field('Enabled'), field('Server'), field('Port')].join('|');
}

export const macosProxy: ProxySystem = {
  name: 'macos',
  addresses: (saved) => Object.keys(saved),
  // Setting an address switches it on, and its state comes behind: between the two it is still whose address it is.
  mark: (value) => value.slice(value.indexOf('|') + 1),
  async read(run) {
    const list = await services(run);
    if (list === undefined) return undefined;
    const saved: Record<string, string> = {};
    for (const service of list) {
      for (const kind of KINDS) {
        const text = await readLine(run, 'networksetup', [`-get${kind}`, service]);
        if (text !== undefined) saved[`${kind} ${service}`] = packed(text);
      }
    }
    return saved;
  },
  apply: ({ host, port }: Endpoint, saved) =>
    entries(saved).flatMap(({ kind, service }) => [
      command(`-set${kind}`, service, host, String(port)),
      command(`-set${kind}state`, service, 'on'),
    ]),
  applied: ({ host, port }, saved) =>
    Object.fromEntries(Object.keys(saved).map((name) => [name, `Yes|${host}|${port}`])),
  undo: (saved) =>
    entries(saved).flatMap(({ kind, service, value }) => {
      const [enabled, server, port] = value.split('|');
      const state = command(`-set${kind}state`, service, enabled === 'Yes' ? 'on' : 'off');
      // Without an address there is none to set.
      if (server === '') return [state];
      return [command(`-set${kind}`, service, server, port || '0'), state];
    }),
};

function entries(saved: Readonly<Record<string, string | null>>) {
  return Object.entries(saved).map(([name, value]) => {
    const space = name.indexOf(' ');
    return { kind: name.slice(0, space), service: name.slice(space + 1), value: value ?? '' };
  });
}
