import { type ImportGraph, importChain } from './import-graph.ts';

/** A folder and what it may touch. Patterns are nodes of the import graph; a final `*` matches any rest. */
export interface Room {
  readonly name: string;
  /** Files of the room. Where two rooms match a file, the longer pattern owns it. */
  readonly files: string;
  /** What its files may import, apart from each other. */
  readonly mayImport: readonly string[];
  /** Why it may import that and no more. */
  readonly because: string;
}

/** What a room must not reach, by however many imports. */
export interface Ban {
  readonly rooms: readonly string[];
  readonly never: readonly string[];
  readonly because: string;
}

const ENGINE = 'src-main/engine';
const BASE = `${ENGINE}/base/*`;
const CRYPTO = `${ENGINE}/crypto/*`;
const WIRE = `${ENGINE}/wire/*`;
const INTERFACE = `${ENGINE}/carrier/carrier.ts`;
const NATIVE = `${ENGINE}/native/*`;
const ENDS = [
  NATIVE,
  BASE,
  CRYPTO,
  WIRE,
  `${ENGINE}/session/*`,
  `${ENGINE}/mux/*`,
  `${ENGINE}/pump/*`,
  `${ENGINE}/carrier/*`,
  `${ENGINE}/stats/*`,
  `${ENGINE}/config.ts`,
];
const ELECTRON = ['npm:electron*', 'npm:@electron/*'];
// node:net is not here because isIP lives in it; session and mux may import no Node module at all.
const SOCKETS = ['tls', 'http', 'https', 'http2', 'dgram', 'dns', 'dns/promises'].map((m) => `node:${m}`);

export const ROOMS: readonly Room[] = [
  {
    name: 'shared',
    files: 'src-shared/*',
    mayImport: ['npm:zod', 'npm:@orpc/contract'],
    because: 'it runs in Node and in a browser, so it knows neither',
  },
  {
    name: 'base',
    files: BASE,
    mayImport: ['node:*'],
    because: 'everything stands on it, so it stands on nothing',
  },
  {
    name: 'crypto',
    files: CRYPTO,
    mayImport: [BASE, 'node:*'],
    because: 'primitives know no protocol above them',
  },
  {
    name: 'native',
    files: NATIVE,
    mayImport: [BASE, CRYPTO, 'node:*', 'npm:koffi'],
    because: 'what calls C itself stands in one place, and the protocol gets it injected',
  },
  {
    name: 'wire',
    files: WIRE,
    mayImport: [BASE, 'node:*'],
    because: 'the layout is written once, below its users',
  },
  {
    name: 'session',
    files: `${ENGINE}/session/*`,
    mayImport: [BASE, CRYPTO, WIRE, INTERFACE],
    because: 'a session outlives every carrier: it knows their interface, none of them, and no socket',
  },
  {
    name: 'mux',
    files: `${ENGINE}/mux/*`,
    mayImport: [BASE, WIRE],
    because: 'it sends through an injected function and is tested without session or socket',
  },
  {
    name: 'carrier interface',
    files: INTERFACE,
    mayImport: [BASE, WIRE],
    because: 'sessions import it, so it must not bring a carrier with it',
  },
  {
    name: 'carrier',
    files: `${ENGINE}/carrier/*`,
    mayImport: [INTERFACE, BASE, NATIVE, WIRE, 'node:*', 'npm:ws'],
    because: 'a carrier is a dumb pipe of records and knows neither sessions nor streams',
  },
  {
    name: 'pump',
    files: `${ENGINE}/pump/*`,
    mayImport: [BASE, NATIVE, WIRE, `${ENGINE}/mux/*`, 'node:*'],
    because: 'it joins a socket and a stream for both ends, and is the only place that knows both',
  },
  { name: 'stats', files: `${ENGINE}/stats/*`, mayImport: [BASE], because: 'counting needs no protocol' },
  {
    name: 'client',
    files: `${ENGINE}/client/*`,
    mayImport: [...ENDS, 'node:*'],
    because: 'one end of the tunnel: it uses the rooms below and never the other end',
  },
  {
    name: 'server',
    files: `${ENGINE}/server/*`,
    mayImport: [...ENDS, 'node:*', 'npm:send'],
    because: 'one end of the tunnel: it uses the rooms below and never the other end',
  },
  {
    name: 'config',
    files: `${ENGINE}/config.ts`,
    mayImport: [BASE, CRYPTO],
    because: 'options stand below the ends that read them; the rooms further down get values, not the table',
  },
  {
    name: 'engine index',
    files: `${ENGINE}/index.ts`,
    mayImport: [`${ENGINE}/*`],
    because: 'it is the public face of the engine, which is usable alone',
  },
  {
    name: 'host',
    files: 'src-main/host/*',
    mayImport: [`${ENGINE}/index.ts`, 'src-shared/*', 'node:*', 'npm:*'],
    because: "it is the product without Electron, on the engine's public face",
  },
  {
    name: 'shell',
    files: 'src-main/shell/*',
    mayImport: ['src-main/host/*', 'src-shared/*', 'node:*', 'npm:*'],
    because: "it wraps the host in Electron and never touches the engine's inside",
  },
  {
    name: 'cli',
    files: 'src-main/cli/*',
    mayImport: ['src-main/host/*', `${ENGINE}/index.ts`, 'src-shared/*', 'node:*', 'npm:*'],
    because: "it is a face of the engine and uses the engine's public face alone",
  },
  {
    name: 'renderer',
    files: 'src-renderer/*',
    mayImport: ['src-shared/*', 'npm:*'],
    because: 'it runs in a sandboxed page and speaks to the host through the contract only',
  },
];

const ENGINE_ROOMS = ROOMS.filter((room) => room.files.startsWith(`${ENGINE}/`)).map((room) => room.name);

export const BANS: readonly Ban[] = [
  {
    rooms: ROOMS.filter((room) => room.name !== 'shell').map((room) => room.name),
    never: [...ELECTRON, 'src-main/shell/*'],
    because: 'only the shell knows Electron, or the product could not run headless',
  },
  {
    rooms: ROOMS.map((room) => room.name),
    never: ['test/*'],
    because: 'the product does not ship its tests',
  },
  {
    rooms: ENGINE_ROOMS,
    never: ['src-shared/*', 'src-main/host/*', 'src-main/cli/*', 'src-renderer/*'],
    because: 'the engine is usable alone',
  },
  {
    rooms: ['base', 'crypto', 'wire', 'session', 'mux', 'carrier interface', 'stats', 'config'],
    never: [...SOCKETS, 'npm:*'],
    because: 'protocol is pure and sockets are outside it, so that scenarios replay from a seed',
  },
  {
    rooms: ['carrier', 'carrier interface'],
    never: [`${ENGINE}/session/*`, `${ENGINE}/mux/*`],
    because: 'a carrier knows neither sessions nor streams',
  },
  {
    rooms: ['mux'],
    never: [`${ENGINE}/session/*`, `${ENGINE}/carrier/*`, CRYPTO],
    because: 'the mux sends through an injected function',
  },
  { rooms: ['client'], never: [`${ENGINE}/server/*`], because: 'the ends never know each other' },
  { rooms: ['server'], never: [`${ENGINE}/client/*`], because: 'the ends never know each other' },
  {
    rooms: ['shared', 'renderer'],
    never: ['node:*', 'src-main/*'],
    because: 'a page has no Node',
  },
  { rooms: ['shared'], never: ['src-renderer/*'], because: 'shared code has no DOM' },
];

export function matches(target: string, pattern: string): boolean {
  return pattern.endsWith('*') ? target.startsWith(pattern.slice(0, -1)) : target === pattern;
}

export function roomOf(path: string, rooms: readonly Room[] = ROOMS): Room | undefined {
  const owners = rooms.filter((room) => matches(path, room.files));
  return owners.sort((a, b) => b.files.length - a.files.length)[0];
}

/** Every breach of the rooms in the graph's `src-…` files: where, the chain of imports, and the reason. */
export function breaches(graph: ImportGraph): readonly string[] {
  const found: string[] = [];
  for (const [path, source] of graph) {
    if (!path.startsWith('src-')) continue;
    found.push(...source.faults);
    const room = roomOf(path);
    if (room === undefined) {
      found.push(`${path} stands in no room: move it, or give its folder a line in the table of rooms`);
      continue;
    }
    for (const { target, line } of source.imports) {
      // By owner and not by pattern: carrier.ts stands in the carriers' folder but is a room of its own.
      const ownRoom = roomOf(target)?.name === room.name;
      if (ownRoom || room.mayImport.some((pattern) => matches(target, pattern))) continue;
      const allowed = ['itself', ...room.mayImport].join(', ');
      found.push(`${path}:${line} imports ${target}; ${room.name} may import ${allowed}: ${room.because}`);
    }
    for (const ban of BANS) {
      if (!ban.rooms.includes(room.name)) continue;
      const chain = importChain(graph, path, (target) =>
        ban.never.some((pattern) => matches(target, pattern)),
      );
      if (chain !== undefined)
        found.push(`${chain.join(' -> ')}; ${room.name} must not reach it: ${ban.because}`);
    }
  }
  return found;
}
