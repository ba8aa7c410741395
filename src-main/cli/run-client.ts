import {
  Client,
  CulvertError,
  type Forward as EngineForward,
  formatHostPort,
  quote,
  type RuleStatus,
} from '../engine/index.ts';
import { engineConfig, readUserKey } from './engine-options.ts';
import type { ClientCliOptions, Forward } from './options.ts';
import { type ReadText, readTextFile } from './read-text.ts';
import type { Running, Terminal } from './running.ts';
import { clientLines, RateBook } from './statistics.ts';

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
  const client = new Client({
    server: serverUrl(options),
    key,
    forwards: options.forwards.map(engineForward),
    transport: options.transport === 'http' || options.transport === 'kcp' ? options.transport : 'ws',
    headers: options.headers,
    ca,
    config: engineConfig(options),
    log,
  });
  const rules = await client.start();

  rules.forEach((rule, index) => {
    say(listeningText(options.forwards[index], rule, options.server.host));
  });
  if (!choseTransport(options)) {
    log.info(
      'plain HTTP is not the default yet; using WebSocket, as -w does (to try HTTP: --transport http)',
    );
  }

  const book = new RateBook();
  return {
    connections: () => client.status().streams,
    statistics: (seconds) =>
      clientLines(client.status(), client.connections(), book, seconds, performance.now()),
    close: () => client.close(),
  };
}

/** The URL that the requests go to. Exported for its tests. */
export function serverUrl({ server, path }: Pick<ClientCliOptions, 'server' | 'path'>): URL {
  return new URL(
    `${server.scheme ?? 'http'}://${formatHostPort(server.host, server.port)}${path ?? server.path ?? '/'}`,
  );
}

/** Whether the person said what to use: by `-w`, by name or by the URL's scheme. */
function choseTransport({ transport, server }: ClientCliOptions): boolean {
  if (transport !== undefined) return transport !== 'auto';
  return server.scheme === 'ws' || server.scheme === 'wss';
}

function engineForward(forward: Forward): EngineForward {
  // No host is every interface, which the engine's listener has as an empty one.
  const bind = { host: forward.bind.host ?? '', port: forward.bind.port };
  return forward.kind === 'static'
    ? { kind: 'static', bind, target: forward.target }
    : { kind: 'dynamic', bind, auth: forward.auth };
}

/** `listening on 127.0.0.1:1080 -> server:1080`. */
function listeningText(forward: Forward, rule: RuleStatus, server: string): string {
  const host = forward.bind.host === undefined ? '*' : (rule.listening?.host ?? forward.bind.host);
  const here = formatHostPort(host, rule.listening?.port ?? forward.bind.port);
  if (forward.kind === 'dynamic') {
    const auth = forward.auth === undefined ? '' : ', with user and password';
    return `listening on ${here} -> anywhere (SOCKS and HTTP proxy${auth})`;
  }
  return `listening on ${here} -> ${formatHostPort(forward.target.host || server, forward.target.port)}`;
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
