import {
  Client,
  CulvertError,
  type Forward as EngineForward,
  formatHostPort,
  type Logger,
  quote,
  type RuleStatus,
} from '../engine/index.ts';
import { PathKeeper } from '../host/known-paths.ts';
import { engineConfig, readUserKey } from './engine-options.ts';
import { watchNetwork } from './network-watch.ts';
import type { ClientCliOptions, Forward } from './options.ts';
import { PathFile } from './path-file.ts';
import { type ReadText, readTextFile } from './read-text.ts';
import type { Running, Terminal } from './running.ts';
import { clientLines, RateBook } from './statistics.ts';

/** What was learnt about the path is looked at this often, ms; a process that is killed loses so much of it. */
const KEEP_PATH_MS = 5_000;

/**
 * Starts the client: it listens at once and connects when it can. Rejects with the CulvertError of a wrong key,
 * option or port; a server that cannot be reached is no error.
 */
export async function startClient(
  options: ClientCliOptions,
  terminal: Terminal,
  readText: ReadText = readTextFile,
): Promise<Running> {
  const { log, say } = terminal;
  if (options.key.from === 'none') throw new CulvertError('ERR_BAD_KEY', 'a client needs the key');
  const ca = options.caFile === undefined ? undefined : [readCertificates(options.caFile, readText)];
  const key = await readUserKey(options.key);
  const server = serverUrl(options);
  const paths = pathKeeper(options, server, log);
  const client = new Client({
    server,
    key,
    forwards: options.forwards.map(engineForward),
    transport: transportOf(options),
    route: options.proxy,
    headers:
      options.hostHeader === undefined ? options.headers : [...options.headers, ['Host', options.hostHeader]],
    serverName: options.sni,
    userAgent: options.userAgent,
    ca,
    config: engineConfig(options),
    recallPath: paths?.recall,
    log,
  });
  const rules = await client.start();

  rules.forEach((rule, index) => {
    say(listeningText(options.forwards[index], rule, options.server.host));
  });
  const stopWatching = watchNetwork((online) => {
    log.info(online ? 'the network changed' : 'there is no network');
    client.networkChanged(online);
  });
  const keepPath = (): void => paths?.keep(client.pathMemory);
  const keeping = setInterval(keepPath, KEEP_PATH_MS);
  keeping.unref();

  const book = new RateBook();
  return {
    connections: () => client.status().streams,
    statistics: (seconds) =>
      clientLines(client.status(), client.connections(), book, seconds, performance.now()),
    close: () => {
      stopWatching();
      clearInterval(keeping);
      keepPath();
      return client.close();
    },
  };
}

/** What is known of the way to this server in this network, unless nothing is to be kept. */
function pathKeeper(options: ClientCliOptions, server: URL, log: Logger): PathKeeper | undefined {
  const { pathFile, proxy, hostHeader, sni, headers, verbosity } = options;
  if (pathFile === undefined) return undefined;
  const table = new PathFile(pathFile, (text) => verbosity >= 1 && log.info(text));
  const through = proxy.kind === 'direct' ? null : [proxy.kind, proxy.host, proxy.port];
  return new PathKeeper(table, [server.href, through, hostHeader ?? null, sni ?? null, headers]);
}

/** The URL that the requests go to. Exported for its tests. */
export function serverUrl({ server, path }: Pick<ClientCliOptions, 'server' | 'path'>): URL {
  return new URL(
    `${server.scheme ?? 'http'}://${formatHostPort(server.host, server.port)}${path ?? server.path ?? '/'}`,
  );
}

/** What was asked for, by `-w`, by name or by the URL's scheme; else plain HTTP, as in goflyway. */
export function transportOf({
  transport,
  server,
}: Pick<ClientCliOptions, 'transport' | 'server'>): 'auto' | 'http' | 'ws' | 'kcp' {
  return transport ?? (server.scheme === 'ws' || server.scheme === 'wss' ? 'ws' : 'http');
}

function engineForward(forward: Forward): EngineForward {
  // No host is every interface, which the engine's listener has as an empty one.
  const bind = { host: forward.bind.host ?? '', port: forward.bind.port };
  return forward.kind === 'dynamic'
    ? { kind: 'dynamic', bind, auth: forward.auth }
    : { kind: forward.kind, bind, target: forward.target };
}

/** `listening on 127.0.0.1:1080 -> server:1080`, and with `/udp` behind both for UDP. */
function listeningText(forward: Forward, rule: RuleStatus, server: string): string {
  const host = forward.bind.host === undefined ? '*' : (rule.listening?.host ?? forward.bind.host);
  const here = formatHostPort(host, rule.listening?.port ?? forward.bind.port);
  if (forward.kind === 'dynamic') {
    const auth = forward.auth === undefined ? '' : ', with user and password';
    return `listening on ${here} -> anywhere (SOCKS and HTTP proxy${auth})`;
  }
  const there = formatHostPort(forward.target.host || server, forward.target.port);
  return forward.kind === 'udp'
    ? `listening on ${here}/udp -> ${there}/udp`
    : `listening on ${here} -> ${there}`;
}

function readCertificates(path: string, readText: ReadText): string {
  const file = readText(path);
  const reason = file.ok ? 'there is no certificate in it' : file.reason;
  if (file.ok && file.value.includes('-----BEGIN CERTIFICATE-----')) return file.value;
  throw new CulvertError('ERR_BAD_OPTION', `--ca ${quote(path)}: ${reason}`, {
    remedy:
      'name a PEM file of certificates, for example: culvert --ca ca.pem -D 1080 wss://server -p password',
  });
}
