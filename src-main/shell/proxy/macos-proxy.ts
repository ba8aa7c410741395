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
  undo: (saved) =>
    entries(saved).flatMap(({ kind, service, value }) => {
      const [enabled, server, port] = value.split('|');
      const state = command(`-set${kind}state`, service, enabled === 'Yes' ? 'on' : 'off');
      // Setting an address switches it on, so its state comes behind; without an address there is none to set.
      if (server === '') return [state];
      return [command(`-set${kind}`, service, server, port || '0'), state];
    }),
  isOurs: (now, { host, port }) => Object.values(now).includes(`Yes|${host}|${port}`),
};

function entries(saved: Readonly<Record<string, string | null>>) {
  return Object.entries(saved).map(([name, value]) => {
    const space = name.indexOf(' ');
    return { kind: name.slice(0, space), service: name.slice(space + 1), value: value ?? '' };
  });
}
