import type { CulvertError, ErrorCode } from '../engine/index.ts';
import { parseServerAddress, parseServerListen } from './addresses.ts';
import type { RawItem } from './argument-table.ts';
import { readForwards } from './build-forwards.ts';
import { readKey } from './build-key.ts';
import { readWay } from './build-way.ts';
import { Chosen, fromFile } from './chosen.ts';
import { nearest } from './nearest.ts';
import * as limits from './options.ts';
import { pathFile } from './path-file.ts';
import type { ReadText } from './read-text.ts';
import {
  type Checked,
  GENERAL_EXAMPLE,
  itemError,
  type Outcome,
  SERVER_EXAMPLE,
  usageError,
} from './usage-error.ts';
import { parseBytes, parseCover, parseHeader, parsePath, parseSeconds } from './values.ts';

/** What else the build needs: the environment, files, and where to put remarks for the person. */
export interface BuildContext {
  readonly env: NodeJS.ProcessEnv;
  readonly readText: ReadText;
  readonly configFile: string | undefined;
  /** Appended to. */
  readonly notes: string[];
}

/** Words that are commands; parsed before addresses. */
export const COMMANDS = ['keygen', 'help', 'version'] as const;

/** `items` of the command line and of the config file, in the order given. */
export function buildOptions(items: readonly RawItem[], context: BuildContext): Outcome<limits.CliOptions> {
  const chosen = new Chosen(items);
  const forwards = readForwards(chosen, context.notes);
  if (!forwards.ok) return forwards;
  const key = readKey(items, context.env, context.readText);
  if (!key.ok) return key;

  const addresses = forwards.value.addresses;
  if (addresses.length > 1) {
    const reason = 'there is another address already, and one is enough';
    return { ok: false, error: itemError(addresses[1], 'ERR_BAD_OPTION', reason) };
  }
  const address = addresses[0];
  const writeBuffer = chosen.last('writeBuffer', 'ERR_BAD_OPTION', (text) =>
    parseBytes(text, limits.MIN_WRITE_BUFFER, limits.MAX_WRITE_BUFFER),
  );
  const throttle = chosen.last('throttle', 'ERR_BAD_OPTION', (text) =>
    parseBytes(text, 0, Number.MAX_SAFE_INTEGER),
  );
  const timeout = chosen.last('timeout', 'ERR_BAD_OPTION', (text) =>
    parseSeconds(text, limits.MAX_TIMEOUT_SECONDS),
  );
  const path = chosen.last('path', 'ERR_BAD_OPTION', parsePath);
  const transport = readTransport(chosen, context.notes);
  const isClient = forwards.value.forwards.length > 0;
  noteUseless(items, isClient ? 'client' : 'server', context.notes);

  const common = {
    transport,
    key: key.value,
    writeBufferBytes: writeBuffer ?? limits.DEFAULT_WRITE_BUFFER,
    throttleBytesPerSecond: throttle ?? 0,
    timeoutSeconds: timeout,
    verbosity: readVerbosity(chosen),
    configFile: context.configFile,
  };

  if (!isClient) {
    // Whoever gives a URL wanted a client.
    const example = address?.text?.includes('://') ? GENERAL_EXAMPLE : SERVER_EXAMPLE;
    const listen = address && chosen.check(address, 'ERR_BAD_ADDRESS', parseListenOrCommand, example);
    const coverItem = chosen.of('cover').at(-1);
    const cover = chosen.last('cover', 'ERR_BAD_OPTION', parseCover);
    const udp = chosen.last('udp', 'ERR_BAD_ADDRESS', parseServerListen);
    const listenAt = listen ?? { host: undefined, port: limits.DEFAULT_LISTEN_PORT };
    if (chosen.error) return { ok: false, error: chosen.error };
    return {
      ok: true,
      value: {
        ...common,
        role: 'server',
        listen: listenAt,
        udp: udp ?? (transport === 'kcp' ? listenAt : undefined),
        cover:
          cover?.kind === 'directory'
            ? { kind: 'directory', directory: fromFile(coverItem, cover.directory) }
            : cover,
      },
    };
  }

  const server = address && chosen.check(address, 'ERR_BAD_ADDRESS', parseServerAddress);
  const headers = chosen.of('header').map((item) => chosen.check(item, 'ERR_BAD_OPTION', parseHeader));
  const caFile = chosen.last('ca', 'ERR_BAD_OPTION', notEmpty);
  if (chosen.error) return { ok: false, error: chosen.error };
  const way = readWay(chosen, server, context.env, context.notes);
  if (!way.ok) return way;
  if (server === undefined) {
    return bad('ERR_BAD_ADDRESS', 'the server address is missing: -L and -D lead through a server');
  }
  if (key.value.from === 'none') {
    return bad(
      'ERR_BAD_KEY',
      "the key is missing: a client needs its server's key (-p, --key-file or CULVERT_KEY)",
    );
  }
  return {
    ok: true,
    value: {
      ...common,
      role: 'client',
      path: path ?? server.path,
      server,
      forwards: forwards.value.forwards,
      headers: headers.filter((header) => header !== undefined),
      ...way.value,
      pathFile: chosen.of('noMemory').length > 0 ? undefined : pathFile(context.env),
      caFile: caFile === undefined ? undefined : fromFile(chosen.of('ca').at(-1), caFile),
    },
  };
}

function readTransport(chosen: Chosen, notes: string[]): limits.Transport | undefined {
  const items = chosen.of('transport');
  const last = items.at(-1);
  if (last === undefined) return undefined;
  const choice = transportOf(chosen, last);
  const other = items.find((item) => item.option?.long !== last.option?.long);
  if (other && choice && transportOf(chosen, other) !== choice) {
    notes.push(`${other.label} and ${last.label} name different transports; the last one counts: ${choice}`);
  }
  return choice;
}

function transportOf(chosen: Chosen, item: RawItem): limits.Transport | undefined {
  if (item.option?.long === 'websocket') return 'ws';
  if (item.option?.long === 'kcp') return 'kcp';
  return chosen.check(item, 'ERR_BAD_OPTION', parseTransport);
}

function parseTransport(text: string): Checked<limits.Transport> {
  switch (text.toLowerCase()) {
    case 'auto':
      return { ok: true, value: 'auto' };
    case 'http':
      return { ok: true, value: 'http' };
    case 'ws':
    case 'websocket':
      return { ok: true, value: 'ws' };
    case 'kcp':
      return { ok: true, value: 'kcp' };
    default:
      return { ok: false, reason: 'it is none of auto, http, ws, kcp' };
  }
}

function parseListenOrCommand(text: string): ReturnType<typeof parseServerListen> {
  const result = parseServerListen(text);
  const command = nearest(text, COMMANDS);
  return result.ok || command === undefined
    ? result
    : { ok: false, reason: `did you mean "culvert ${command}"?` };
}

function notEmpty(text: string): Checked<string> {
  return text === '' ? { ok: false, reason: 'it is empty' } : { ok: true, value: text };
}

function readVerbosity(chosen: Chosen): number {
  let verbosity = 0;
  for (const item of chosen.of('verbosity')) {
    verbosity = item.option?.long === 'quiet' ? -1 : Math.max(verbosity, 0) + 1;
  }
  return verbosity;
}

/** A config file may serve both roles, so that only the command line's own options are remarked upon. */
function noteUseless(items: readonly RawItem[], role: 'client' | 'server', notes: string[]): void {
  const useless = items.filter((i) => i.from === 'command line' && i.option?.role && i.option.role !== role);
  for (const label of new Set(useless.map((item) => item.label))) {
    notes.push(`${label} does nothing on a ${role}`);
  }
}

function bad(code: ErrorCode, message: string): { readonly ok: false; readonly error: CulvertError } {
  return { ok: false, error: usageError(code, message, GENERAL_EXAMPLE) };
}
