/** GNOME and what reads its settings (Cinnamon, MATE, Budgie, Chromium, Firefox set to *system*): GSettings. */
import { type Command, type Endpoint, type ProxySystem, readLine, type Saved } from './proxy-system.ts';

const SCHEMA = 'org.gnome.system.proxy';
const KINDS = ['socks', 'http', 'https'] as const;
const MODE = `${SCHEMA} mode`;
/** `schema key`; the values are GVariant text as `gsettings get` prints it and `gsettings set` takes it. */
const NAMES = [MODE, ...KINDS.flatMap((kind) => [`${SCHEMA}.${kind} host`, `${SCHEMA}.${kind} port`])];

const set = (name: string, value: string | null): Command => ({
  program: 'gsettings',
  args: ['set', ...name.split(' '), value ?? ''],
});

function applied({ host, port }: Endpoint): Saved {
  const addresses = KINDS.flatMap((kind) => [
    [`${SCHEMA}.${kind} host`, `'${host}'`],
    [`${SCHEMA}.${kind} port`, String(port)],
  ]);
  return Object.fromEntries([...addresses, [MODE, "'manual'"]]);
}

export const gnomeProxy: ProxySystem = {
  name: 'gnome',
  switchName: MODE,
  addresses: () => NAMES.slice(1),
  async read(run) {
    const saved: Record<string, string> = {};
    for (const name of NAMES) {
      const value = await readLine(run, 'gsettings', ['get', ...name.split(' ')]);
      if (value === undefined) return undefined;
      saved[name] = value;
    }
    return saved;
  },
  apply: (endpoint) => Object.entries(applied(endpoint)).map(([name, value]) => set(name, value)),
  applied,
  // GSettings has a value for each name, so none was ever missing.
  undo: (saved) =>
    NAMES.filter((name) => typeof saved[name] === 'string').map((name) => set(name, saved[name])),
};
