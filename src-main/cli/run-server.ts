import { hostname, networkInterfaces } from 'node:os';
import {
  type CoverSpec,
  formatHostPort,
  generateKey,
  type ListenAddress,
  parseKey,
  Server,
} from '../engine/index.ts';
import { engineConfig, readUserKey, warnOfWeakKey } from './engine-options.ts';
import type { ServerCliOptions } from './options.ts';
import type { Running, Terminal } from './running.ts';
import { RateBook, serverLines } from './statistics.ts';
import type { Cover } from './values.ts';

/** Starts the server. Rejects with the CulvertError of a wrong key, option, cover or port. */
export async function startServer(options: ServerCliOptions, terminal: Terminal): Promise<Running> {
  const { log, say, insist } = terminal;
  const made = options.key.from === 'none' ? generateKey() : undefined;
  const user = await (options.key.from === 'none' ? parseKey(made ?? '') : readUserKey(options.key));
  const server = new Server({
    listen: options.listen,
    udp: options.udp,
    users: [user],
    cover: coverSpec(options.cover),
    config: engineConfig(options),
    log,
  });
  const { port, udpPort } = await server.start();
  warnOfWeakKey(options.key, log);

  const { host } = options.listen;
  say(`listening on ${formatHostPort(host ?? '*', port)}${host === undefined ? ' (every interface)' : ''}`);
  if (udpPort !== undefined) say(`KCP at ${formatHostPort(options.udp?.host ?? '*', udpPort)} over UDP`);
  if (options.cover !== undefined) say(`without the key one sees ${coverText(options.cover)}`);
  if (made !== undefined) {
    insist('no key was given, so one was made for this run. A client of this server:');
    insist(`  culvert -D 1080 ${formatHostPort(reachableHost({ host, port }), port)} -p ${made}`);
  }

  const book = new RateBook();
  return {
    connections: () => server.sessions().reduce((sum, session) => sum + session.streams, 0),
    statistics: (seconds) => serverLines(server.sessions(), book, seconds),
    close: () => server.close(),
  };
}

function coverSpec(cover: Cover | undefined): CoverSpec {
  if (cover === undefined) return { kind: 'none' };
  return cover.kind === 'directory' ? { kind: 'directory', path: cover.directory } : cover;
}

function coverText(cover: Cover): string {
  return cover.kind === 'directory' ? `the files in ${cover.directory}` : `the site ${cover.url}`;
}

/** How another machine may call this one, as far as it knows: for a line to copy. */
function reachableHost({ host }: ListenAddress): string {
  if (host !== undefined && host !== '0.0.0.0' && host !== '::') return host;
  for (const addresses of Object.values(networkInterfaces())) {
    const outer = addresses?.find(({ internal, family }) => !internal && family === 'IPv4');
    if (outer !== undefined) return outer.address;
  }
  return hostname();
}
