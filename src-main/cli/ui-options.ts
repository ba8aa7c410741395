import { isIPv4 } from 'node:net';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CulvertError, parseListenAddress, quote } from '../engine/index.ts';
import { type ReadText, readTextFile } from './read-text.ts';
import { usageError } from './usage-error.ts';

export const DEFAULT_UI_HOST = '127.0.0.1';
export const DEFAULT_UI_PORT = 4180;
const EXAMPLE = 'culvert ui --listen 127.0.0.1:4180';
const TLS_EXAMPLE = 'culvert ui --listen 0.0.0.0:4180 --tls-cert cert.pem --tls-key key.pem';
/** Names given by --allow-host. */
const MAX_NAMES = 64;

export interface UiOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** The port was chosen: another one is not as good. */
  readonly listenGiven: boolean;
  readonly directory: string;
  readonly open: boolean;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly names: readonly string[];
}

export type UiParsed =
  | { readonly kind: 'ui'; readonly options: UiOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'error'; readonly error: CulvertError };

/** One option of `culvert ui`, for the parser and the help. */
interface UiOption {
  readonly type: 'string' | 'boolean';
  readonly multiple?: true;
  readonly short?: string;
  readonly value?: string;
  readonly help: string;
}

/** All of them: what is parsed and what the help says come from here. */
export const UI_OPTIONS: Readonly<Record<string, UiOption>> = {
  listen: {
    type: 'string',
    value: '[host:]port',
    help: 'Where the page is served (127.0.0.1:4180). Another address than loopback needs TLS or --insecure.',
  },
  data: {
    type: 'string',
    value: 'directory',
    help: 'Where profiles, keys and settings are kept (the configuration directory of the user).',
  },
  open: { type: 'boolean', help: 'Open the page in the browser.' },
  'tls-cert': { type: 'string', value: 'file', help: 'Serve by HTTPS with this certificate chain (PEM).' },
  'tls-key': { type: 'string', value: 'file', help: 'Its private key (PEM).' },
  'allow-host': {
    type: 'string',
    multiple: true,
    value: 'name',
    help: 'Another name that the page is reached by, such as that of a reverse proxy. Repeatable.',
  },
  insecure: { type: 'boolean', help: 'Listen at other addresses than loopback without TLS all the same.' },
  help: { type: 'boolean', short: 'h', help: 'Print the help.' },
};

/** Understands what follows `culvert ui`. Never throws. */
export function parseUi(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  readText: ReadText = readTextFile,
): UiParsed {
  try {
    return read(argv, env, readText);
  } catch (error) {
    if (error instanceof CulvertError) return { kind: 'error', error };
    // Node's: "Unknown option '--foo'. To specify ...".
    const text = error instanceof Error ? error.message.split('. ')[0] : String(error);
    const message = `after "ui": ${text.charAt(0).toLowerCase()}${text.slice(1)}`;
    return { kind: 'error', error: usageError('ERR_BAD_OPTION', message, EXAMPLE) };
  }
}

function read(argv: readonly string[], env: NodeJS.ProcessEnv, readText: ReadText): UiParsed {
  const { values } = parseArgs({ args: [...argv], options: parserOptions(), strict: true });
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  if (values.help === true) return { kind: 'help' };
  const listen = readListen(text('listen'));
  const tls = readTls(text('tls-cert'), text('tls-key'), readText);
  if (!isLoopback(listen.host) && tls === undefined && values.insecure !== true) {
    const message =
      `${quote(text('listen') ?? '')} can be reached from other machines, and without TLS whoever is on the way reads ` +
      'the keys';
    throw new CulvertError('ERR_BAD_OPTION', message, {
      remedy: 'give --tls-cert and --tls-key, or --insecure to do it all the same',
    });
  }
  const names = [values['allow-host'] ?? []].flat().map(String);
  if (names.length > MAX_NAMES)
    throw usageError('ERR_BAD_OPTION', `at most ${MAX_NAMES} --allow-host`, EXAMPLE);
  const data = text('data');
  if (data === '') throw usageError('ERR_BAD_OPTION', '--data is empty', 'culvert ui --data ./culvert-data');
  const options: UiOptions = {
    listen,
    listenGiven: text('listen') !== undefined,
    directory: data === undefined ? defaultDirectory(env) : resolve(data),
    open: values.open === true,
    tls,
    names,
  };
  return { kind: 'ui', options };
}

function parserOptions(): NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']> {
  const entries = Object.entries(UI_OPTIONS).map(([name, { type, short, multiple }]) => {
    return [name, { type, ...(short !== undefined && { short }), ...(multiple && { multiple }) }] as const;
  });
  return Object.fromEntries(entries);
}

function readListen(text: string | undefined): UiOptions['listen'] {
  if (text === undefined) return { host: DEFAULT_UI_HOST, port: DEFAULT_UI_PORT };
  // A port alone is not every interface here, as it is for a server: the page is for this machine.
  const bare = /^\d+$/.test(text) ? `${DEFAULT_UI_HOST}:${text}` : text;
  const address = parseListenAddress(bare);
  if (!address.ok) throw address.error;
  return { host: address.value.host ?? '*', port: address.value.port };
}

function readTls(
  certPath: string | undefined,
  keyPath: string | undefined,
  readText: ReadText,
): UiOptions['tls'] {
  if (certPath === undefined && keyPath === undefined) return undefined;
  if (certPath === undefined || keyPath === undefined) {
    throw usageError('ERR_BAD_OPTION', '--tls-cert and --tls-key go together', TLS_EXAMPLE);
  }
  const file = (option: string, path: string): string => {
    const found = readText(path);
    if (found.ok) return found.value;
    throw usageError('ERR_BAD_OPTION', `${option} ${quote(path)}: ${found.reason}`, TLS_EXAMPLE);
  };
  return { cert: file('--tls-cert', certPath), key: file('--tls-key', keyPath) };
}

/** Where the configuration is unless `--data` says otherwise: the platform's place for it. */
export function defaultDirectory(env: NodeJS.ProcessEnv, platform = process.platform): string {
  switch (platform) {
    case 'win32':
      return join(env.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'culvert');
    case 'darwin':
      return join(homedir(), 'Library', 'Application Support', 'culvert');
    default:
      return join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'culvert');
  }
}

// Not that of src-shared: every command line would load its schemas.
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
