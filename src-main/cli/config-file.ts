import { isIPv6 } from 'node:net';
import { dirname } from 'node:path';
import { type CulvertError, quote } from '../engine/index.ts';
import { OPTIONS, type OptionSpec, optionByLong, type RawItem } from './argument-table.ts';
import { lineAndColumn, locateJson } from './json-locate.ts';
import { nearest } from './nearest.ts';
import { type ReadText, readTextFile } from './read-text.ts';
import { type Outcome, usageError } from './usage-error.ts';

const EXAMPLE = '{"server": "server:80", "password": "password", "local": ["1080::1080"]}';

/** Properties that are no options: the positional address, and the shape of shadowsocks and goflyway. */
const ADDRESS_PROPERTIES = ['server', 'server-port', 'listen', 'local-address', 'local-port'];

/** What `"verbose"` may be, apart from true and false: as many `-v`. */
const VERBOSE_NUMBERS = [0, 1, 2, 3];

/** Most repetitions of one option. */
const MAX_VALUES = 1024;

/**
 * Reads a JSON object of options by their long names (`keyFile`, `key-file` or `key_file`): text or numbers;
 * true and false for switches; lists for what may be repeated; for headers also an object of names and values.
 * `server` is the address (or `listen`, for a server), as one text or with `server_port` beside it;
 * `local_port` with an optional `local_address` is a dynamic port. Every error is `ERR_BAD_CONFIG` and names
 * the file and, where it can, the line.
 */
export function readConfigFile(path: string, readText: ReadText = readTextFile): Outcome<readonly RawItem[]> {
  const name = quote(path);
  const file = readText(path);
  if (!file.ok) return failed(`the config file ${name} is of no use: ${file.reason}`);
  const text = file.value.replace(/^\ufeff/, '');
  const map = locateJson(text);
  if (!map.ok) {
    const { line, column } = lineAndColumn(text, map.offset);
    return failed(`the config file ${name} is wrong in line ${line}, column ${column}: ${map.reason}`);
  }
  const root: unknown = JSON.parse(text);
  if (!isRecord(root))
    return failed(`the config file ${name} is wrong in line 1: it is not an object in braces`);

  const items: RawItem[] = [];
  const given = new Map<string, Given>();
  for (const [property, value] of Object.entries(root)) {
    const { line } = lineAndColumn(text, map.properties.get(property) ?? 0);
    const label = `${quote(property)} (${name.slice(1, -1)} line ${line})`;
    const kebab = toKebab(property);
    if (ADDRESS_PROPERTIES.includes(kebab)) {
      if (typeof value !== 'string' && !isPortNumber(value))
        return failed(`${label} must be a text or a port`);
      given.set(kebab, { label, text: String(value) });
      continue;
    }
    const spec = optionByLong(kebab);
    if (spec === undefined || spec.commandLineOnly) return failed(`${label} is no option`, suggest(kebab));
    const texts = valueTexts(spec, value);
    if (typeof texts === 'string') return failed(`${label} ${texts}`);
    for (const text of texts) {
      items.push({ slot: spec.slot, option: spec, text, label, from: 'config', directory: dirname(path) });
    }
  }
  return addAddresses(items, given);
}

interface Given {
  readonly label: string;
  readonly text: string;
}

/** Turns the address properties into the items that the command line has for them. */
function addAddresses(items: RawItem[], given: ReadonlyMap<string, Given>): Outcome<readonly RawItem[]> {
  const server = given.get('server');
  const listen = given.get('listen');
  const serverPort = given.get('server-port');
  const localPort = given.get('local-port');
  const localAddress = given.get('local-address');
  if (server && listen) return failed(`${server.label} and ${listen.label} exclude each other`);
  if (listen && serverPort) return failed(`${serverPort.label} belongs to "server", not to "listen"`);
  if (localAddress && !localPort) return failed(`${localAddress.label} needs "local_port" beside it`);
  const address = listen ?? server ?? serverPort;
  if (address) {
    const text = serverPort ? join(server?.text ?? '', serverPort.text) : address.text;
    items.push({ slot: 'address', option: undefined, text, label: address.label, from: 'config' });
  }
  if (localPort) {
    const option = optionByLong('dynamic');
    const text = join(localAddress?.text ?? '', localPort.text);
    items.push({ slot: 'dynamic', option, text, label: localPort.label, from: 'config' });
  }
  return { ok: true, value: items };
}

/** The texts the command line would have; undefined for a switch that is on. Or what is wrong, as text. */
function valueTexts(spec: OptionSpec, value: unknown): readonly (string | undefined)[] | string {
  if (spec.value === undefined) {
    if (typeof value === 'boolean') return value ? [undefined] : [];
    if (spec.long !== 'verbose') return 'must be true or false';
    if (typeof value === 'number' && VERBOSE_NUMBERS.includes(value)) return Array(value).fill(undefined);
    return 'must be true, false, 0, 1, 2 or 3';
  }
  // A number would silently lose leading zeros, and "1e3" its spelling.
  if (spec.secret) return typeof value === 'string' ? [value] : 'must be a text in double quotes';
  if (spec.slot === 'header' && isRecord(value)) {
    const pairs = Object.entries(value);
    if (!pairs.every(([, text]) => typeof text === 'string')) return 'must have texts as values';
    return pairs.map(([name, text]) => `${name}: ${String(text)}`);
  }
  if (!Array.isArray(value)) return isScalar(value) ? [String(value)] : 'must be a text or a number';
  if (!spec.repeatable) return 'must be one value, not a list';
  if (value.length > MAX_VALUES) return `has ${value.length} values, at most ${MAX_VALUES} are read`;
  return value.every(isScalar) ? value.map(String) : 'must be a list of texts';
}

function suggest(kebab: string): string | undefined {
  const options = OPTIONS.filter((spec) => !spec.commandLineOnly);
  const known = [...options.flatMap((spec) => [spec.long, ...(spec.aliases ?? [])]), ...ADDRESS_PROPERTIES];
  const near = nearest(kebab, known);
  return (
    near && `did you mean ${quote(near.startsWith('server-') ? near.replace('-', '_') : toCamel(near))}?`
  );
}

function failed(message: string, hint?: string): { readonly ok: false; readonly error: CulvertError } {
  return { ok: false, error: usageError('ERR_BAD_CONFIG', message, EXAMPLE, hint) };
}

function join(host: string, port: string): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

function toKebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replaceAll('_', '-');
}

function toCamel(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function isPortNumber(value: unknown): value is number {
  return Number.isInteger(value);
}
