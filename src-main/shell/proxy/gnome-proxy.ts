/** GNOME and what reads its settings (Cinnamon, MATE, Budgie, Chromium, Firefox set to *system*): GSettings. */
import { type Command, type Endpoint, type ProxySystem, readLine, type Saved } from './proxy-system.ts';

const SCHEMA = 'org.gnome.system.proxy';
/** Schema and key; the values are GVariant text as `gsettings get` prints it and `gsettings set` takes it. */
const KEYS: ReadonlyArray<readonly [schema: string, key: string]> = [
  [SCHEMA, 'mode'],
  ...(['socks', 'http', 'https'] as const).flatMap((kind) => [
    [`${SCHEMA}.${kind}`, 'host'] as const,
    [`${SCHEMA}.${kind}`, 'port'] as const,
  ]),
];

const set = (schema: string, key: string, value: string): Command => ({
  program: 'gsettings',
  args: ['set', schema, key, value],
});

export const gnomeProxy: ProxySystem = {
  name: 'gnome',
  async read(run) {
    const saved: Record<string, string> = {};
    for (const [schema, key] of KEYS) {
      const value = await readLine(run, 'gsettings', ['get', schema, key]);
      if (value === undefined) return undefined;
      saved[`${schema} ${key}`] = value;
    }
    return saved;
  },
  apply: ({ host, port }: Endpoint) => [
    ...(['socks', 'http', 'https'] as const).flatMap((kind) => [
      set(`${SCHEMA}.${kind}`, 'host', `'${host}'`),
      set(`${SCHEMA}.${kind}`, 'port', String(port)),
    ]),
    set(SCHEMA, 'mode', "'manual'"),
  ],
  undo: (saved: Saved) =>
    KEYS.map(([schema, key]) => ({ schema, key, value: saved[`${schema} ${key}`] }))
      .filter(({ value }) => typeof value === 'string')
      .map(({ schema, key, value }) => set(schema, key, value ?? '')),
  isOurs: (now, { host, port }) =>
    now[`${SCHEMA} mode`] === "'manual'" &&
    now[`${SCHEMA}.socks host`] === `'${host}'` &&
    now[`${SCHEMA}.socks port`] === String(port),
};
