/** JSON configurations: goflyway's, those of `culvert -c`, and lists of them. */
import { printHostPort } from './address.ts';
import { buildDraft } from './import-draft.ts';
import { type Item, longFlag } from './import-flags.ts';
import { type ImportItem, type ImportResult, importFault, Notes } from './import-item.ts';
import { MAX_HEADERS, MAX_IMPORT_NOTES, MAX_PROFILES, MAX_RULES } from './limits.ts';

type Fault = ReturnType<typeof importFault>;
const MAX_PROPERTIES = 256;

/** One object, or a list of them. Never throws. */
export function importConfig(value: unknown): ImportResult {
  const objects = Array.isArray(value) ? value.slice(0, MAX_PROFILES) : [value];
  const items: ImportItem[] = [];
  for (const [index, object] of objects.entries()) {
    const where = Array.isArray(value) ? `[${index}]` : '';
    if (!isRecord(object)) return importFault('badJson', where);
    const result = importObject(object);
    if (!result.ok) return importFault(result.error.reason, `${where} ${result.error.part}`.trim());
    items.push(...result.items);
  }
  return items.length === 0 ? importFault('empty') : { ok: true, items };
}

/** `server` with `server_port`, `local_port` with `local_address`, and the long names of the command line. */
function importObject(object: Record<string, unknown>): ImportResult {
  const items: Item[] = [];
  const places = new Map<string, string>();
  const notes = new Notes();
  for (const [property, value] of Object.entries(object).slice(0, MAX_PROPERTIES)) {
    const name = toKebab(property);
    if (PLACES.has(name)) {
      if (typeof value !== 'string' && typeof value !== 'number') return importFault('badProperty', property);
      places.set(name, String(value));
      continue;
    }
    const flag = longFlag(name);
    if (flag === undefined) {
      notes.add('notCarried', property);
      continue;
    }
    const texts = flag.value
      ? textsOf(flag.slot, value)
      : value === true
        ? [undefined]
        : value === false
          ? []
          : undefined;
    // `"verbose": 2` is a number of switches, and of no matter here.
    if (texts === undefined && flag.slot !== 'ignored') return importFault('badProperty', property);
    for (const text of texts ?? []) items.push({ slot: flag.slot, text, label: property });
  }
  const fault = addPlaces(items, places);
  if (fault !== undefined) return fault;
  const result = buildDraft('config', items, false);
  if (!result.ok) return result;
  for (const item of result.items) item.notes = [...notes.list, ...item.notes].slice(0, MAX_IMPORT_NOTES);
  return result;
}

const PLACES = new Set(['server', 'server-port', 'listen', 'local-address', 'local-port']);

function addPlaces(items: Item[], places: ReadonlyMap<string, string>): Fault | undefined {
  const server = places.get('server');
  const port = places.get('server-port');
  if (places.has('listen') || (server === undefined && port !== undefined)) return importFault('notAClient');
  if (server !== undefined) {
    const text = port === undefined ? server : printHostPort(server, Number(port));
    items.push({ slot: 'address', text, label: 'server' });
  }
  const localPort = places.get('local-port');
  if (localPort !== undefined) {
    const text = printHostPort(places.get('local-address') ?? '', Number(localPort)).replace(/^:/, '');
    items.push({ slot: 'dynamic', text, label: 'local_port' });
  }
  return undefined;
}

/** What the command line would have; undefined for a value of a wrong type. */
function textsOf(slot: Item['slot'], value: unknown): readonly string[] | undefined {
  // A number would have lost leading zeros of a key.
  if (slot === 'key' || slot === 'proxyAuth') return typeof value === 'string' ? [value] : undefined;
  if (slot === 'header' && isRecord(value)) {
    const pairs = Object.entries(value).slice(0, MAX_HEADERS);
    return pairs.every(([, text]) => typeof text === 'string')
      ? pairs.map(([name, text]) => `${name}: ${text}`)
      : undefined;
  }
  const list: readonly unknown[] = Array.isArray(value) ? value.slice(0, MAX_RULES + 1) : [value];
  return list.every(isScalar) ? list.map(String) : undefined;
}

function isScalar(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toKebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replaceAll('_', '-');
}
