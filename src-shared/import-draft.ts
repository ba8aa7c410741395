/** Options of a command line or a JSON file, put together to a draft. */
import type { Item, Slot } from './import-flags.ts';
import { type ImportResult, type ImportSource, importFault, importItem, Notes } from './import-item.ts';
import { parseHeaderLine, parseSize, parseWholeSeconds } from './import-values.ts';
import { MAX_HEADERS, MAX_RULES } from './limits.ts';
import { newDraft, OWN_HEADERS, type ProfileDraft, TRANSPORTS, type Transport } from './profile.ts';
import {
  collide,
  isExposed,
  parseDynamicRule,
  parseLocalRule,
  printRule,
  type RuleDraft,
  type RuleReading,
} from './rules.ts';
import { parseProxy, parseServer } from './server-address.ts';

type Fault = ReturnType<typeof importFault>;
const isFault = (value: object): value is Fault => 'error' in value;

/** goflyway binds every interface where no address is given. Culvert does not, and says so. */
export function buildDraft(
  source: ImportSource,
  items: readonly Item[],
  fromGoflyway: boolean,
): ImportResult {
  const notes = new Notes();
  const draft = newDraft();
  const of = (slot: Slot) => items.filter((item) => item.slot === slot);
  const forwards = readForwards(items, notes);
  if (isFault(forwards)) return forwards;
  if (forwards.rules.length === 0) {
    return of('cover').length > 0 || forwards.addresses.length <= 1
      ? importFault('notAClient')
      : importFault('noForward');
  }
  if (forwards.addresses.length === 0) return importFault('serverMissing');
  if (forwards.addresses.length > 1) return importFault('twoServers', forwards.addresses[1]);
  const server = parseServer(forwards.addresses[0]);
  if (!server.ok) return importFault(server.reason, server.part);
  draft.server = server.value;
  addRules(draft, forwards.rules, notes);
  if (fromGoflyway && draft.rules.some((rule) => !isExposed(rule))) notes.add('boundToLoopback');
  for (const slot of ['cover', 'config', 'keyFile', 'ca'] as const) {
    for (const { label, text } of of(slot))
      notes.add(slot === 'cover' ? 'notCarried' : 'fileNotRead', `${label} ${text}`);
  }
  const fault = readKey(draft, items, notes) ?? readTransport(draft, items) ?? readRest(draft, items, notes);
  if (fault !== undefined) return fault;
  const item = importItem(source, draft, notes);
  return 'reason' in item ? { ok: false, error: item } : { ok: true, items: [item] };
}

interface Forwards {
  readonly rules: readonly RuleDraft[];
  readonly addresses: readonly string[];
}

function readForwards(items: readonly Item[], notes: Notes): Forwards | Fault {
  const locals = items.filter((item) => item.slot === 'local');
  const dynamics = items.filter((item) => item.slot === 'dynamic');
  const addresses = items.flatMap((item) =>
    item.slot === 'address' && item.text !== undefined ? [item.text] : [],
  );
  const auth = items.findLast((item) => item.slot === 'proxyAuth')?.text;
  const bare = readBareDynamic(locals, dynamics, addresses);
  if (bare !== undefined) {
    notes.add('readAsDynamic', locals[0].text);
    return bare;
  }
  const rules: RuleDraft[] = [];
  for (const { slot, text, label } of [...locals, ...dynamics]) {
    if (text === undefined) return importFault('valueMissing', label);
    const rule = slot === 'local' ? parseLocalRule(text) : parseDynamicRule(text);
    if (!rule.ok) return importFault(rule.reason, `${label} ${rule.part}`);
    if (rule.value.kind === 'dynamic' && auth !== undefined) {
      const at = auth.indexOf(':');
      if (at < 1 || at === auth.length - 1) return importFault('badOptionValue', '--proxy-auth');
      rule.value.auth = { user: auth.slice(0, at), password: { kind: 'set', text: auth.slice(at + 1) } };
    }
    rules.push(rule.value);
  }
  return { rules, addresses };
}

/**
 * `-L :1080 -D 127.0.0.1:8100` of goflyway's manual, where `-D` is a bare switch: read so only where nothing else
 * makes sense, as Culvert's own command line does.
 */
function readBareDynamic(
  locals: readonly Item[],
  dynamics: readonly Item[],
  addresses: readonly string[],
): Forwards | undefined {
  if (locals.length !== 1 || dynamics.length !== 1) return undefined;
  const rule = parseDynamicRule(locals[0].text ?? '');
  if (!rule.ok) return undefined;
  const { text } = dynamics[0];
  if (text === undefined) return { rules: [rule.value], addresses };
  if (addresses.length > 0 || !parseServer(text).ok) return undefined;
  return { rules: [rule.value], addresses: [text] };
}

/** Adds rules to a draft: up to the cap, names the exposed ones, switches off what would collide. */
export function addRules(draft: ProfileDraft, rules: readonly RuleDraft[], notes: Notes): void {
  for (const given of rules) {
    if (draft.rules.length === MAX_RULES) {
      notes.add('tooMany', String(MAX_RULES));
      return;
    }
    const taken = draft.rules.some((other) => other.enabled && collide(other, given));
    if (taken) notes.add('ruleOff', printRule(given));
    if (isExposed(given)) notes.add('exposed', printRule(given));
    draft.rules.push(taken ? { ...given, enabled: false } : given);
  }
}

/** How `ssh` reads a forward without a bind address, and with an empty one. */
export function sshReading(gatewayPorts: boolean): RuleReading {
  return { noBind: gatewayPorts ? '*' : '127.0.0.1', emptyBind: '*' };
}

function readKey(draft: ProfileDraft, items: readonly Item[], notes: Notes): Fault | undefined {
  const text = items.findLast((item) => item.slot === 'key')?.text;
  if (text === undefined) {
    notes.add('keyMissing');
    return undefined;
  }
  if (text.trim() === '') return importFault('valueMissing', '-p');
  draft.secrets = { ...draft.secrets, key: { kind: 'set', text } };
  return undefined;
}

function readTransport(draft: ProfileDraft, items: readonly Item[]): Fault | undefined {
  for (const { slot, text } of items) {
    if (slot === 'ws') draft.transport = 'ws';
    if (slot === 'kcp') draft.transport = 'kcp';
    if (slot !== 'transport') continue;
    const word = text?.toLowerCase() === 'websocket' ? 'ws' : text?.toLowerCase();
    if (!isTransport(word)) return importFault('badOptionValue', `--transport ${text}`);
    draft.transport = word;
  }
  return undefined;
}

function isTransport(word: string | undefined): word is Transport {
  return (TRANSPORTS as readonly (string | undefined)[]).includes(word);
}

function readRest(draft: ProfileDraft, items: readonly Item[], notes: Notes): Fault | undefined {
  for (const { slot, text = '', label } of items) {
    switch (slot) {
      case 'path':
        draft.server = { ...draft.server, path: text.startsWith('/') ? text : `/${text}` };
        break;
      case 'header': {
        const header = parseHeaderLine(text);
        if (header === undefined) return importFault('badOptionValue', label);
        addHeader(draft, header, notes);
        break;
      }
      case 'proxy': {
        const proxy = parseProxy(text);
        if (!proxy.ok) return importFault(proxy.reason, `${label} ${proxy.part}`);
        draft.proxy = proxy.value.proxy;
        if (proxy.value.password !== undefined) {
          draft.secrets = { ...draft.secrets, proxyPassword: { kind: 'set', text: proxy.value.password } };
        }
        break;
      }
      case 'hostHeader':
        draft.hostHeader = text;
        break;
      case 'sni':
        draft.sni = text;
        break;
      case 'userAgent':
        draft.userAgent = text;
        break;
      case 'writeBuffer':
      case 'throttle':
      case 'timeout': {
        const value = slot === 'timeout' ? parseWholeSeconds(text) : parseSize(text);
        if (value === undefined) return importFault('badOptionValue', `${label} ${text}`);
        const name = {
          writeBuffer: 'writeBufferBytes',
          throttle: 'throttleBytesPerSecond',
          timeout: 'timeoutSeconds',
        };
        draft.limits = { ...draft.limits, [name[slot]]: value };
        break;
      }
      default:
    }
  }
  return undefined;
}

/** Host and User-Agent have fields of their own; what the carriers set is left out. */
function addHeader(draft: ProfileDraft, header: { name: string; value: string }, notes: Notes): void {
  const name = header.name.toLowerCase();
  if (name === 'host') draft.hostHeader = header.value;
  else if (name === 'user-agent') draft.userAgent = header.value;
  else if (OWN_HEADERS.has(name)) notes.add('notCarried', header.name);
  else if (draft.headers.length === MAX_HEADERS) notes.add('tooMany', header.name);
  else draft.headers = [...draft.headers, header];
}
