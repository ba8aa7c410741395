/** The options of goflyway's and Culvert's command lines, and of their JSON files: what each is called. */
import { importFault } from './import-item.ts';

/** What an option decides. `ignored` has no place in a profile and needs no remark. */
export type Slot =
  | 'address'
  | 'local'
  | 'dynamic'
  | 'proxyAuth'
  | 'key'
  | 'keyFile'
  | 'transport'
  | 'ws'
  | 'kcp'
  | 'path'
  | 'header'
  | 'ca'
  | 'proxy'
  | 'hostHeader'
  | 'sni'
  | 'userAgent'
  | 'cover'
  | 'writeBuffer'
  | 'throttle'
  | 'timeout'
  | 'config'
  | 'ignored';

interface Flag {
  readonly slot: Slot;
  readonly value: boolean;
}
const takes = (slot: Slot): Flag => ({ slot, value: true });
const is = (slot: Slot): Flag => ({ slot, value: false });

const SHORT: ReadonlyMap<string, Flag> = new Map([
  ['L', takes('local')],
  ['D', takes('dynamic')],
  ['p', takes('key')],
  ['k', takes('key')],
  ['w', is('ws')],
  ['K', is('kcp')],
  ['U', takes('path')],
  ['H', takes('header')],
  ['P', takes('cover')],
  ['W', takes('writeBuffer')],
  ['T', takes('throttle')],
  ['t', takes('timeout')],
  ['c', takes('config')],
  ['v', is('ignored')],
  ['q', is('ignored')],
  ['h', is('ignored')],
  ['V', is('ignored')],
]);

const LONG: ReadonlyMap<string, Flag> = new Map([
  ['local', takes('local')],
  ['dynamic', takes('dynamic')],
  ['proxy-auth', takes('proxyAuth')],
  ['key', takes('key')],
  ['password', takes('key')],
  ['key-file', takes('keyFile')],
  ['websocket', is('ws')],
  ['kcp', is('kcp')],
  ['transport', takes('transport')],
  ['path', takes('path')],
  ['header', takes('header')],
  ['headers', takes('header')],
  ['ca', takes('ca')],
  ['proxy', takes('proxy')],
  ['host', takes('hostHeader')],
  ['sni', takes('sni')],
  ['user-agent', takes('userAgent')],
  ['cover', takes('cover')],
  ['write-buffer', takes('writeBuffer')],
  ['throttle', takes('throttle')],
  ['timeout', takes('timeout')],
  ['config', takes('config')],
  ['verbose', is('ignored')],
  ['quiet', is('ignored')],
  ['help', is('ignored')],
  ['version', is('ignored')],
]);

export function longFlag(name: string): Flag | undefined {
  return LONG.get(name);
}

/** One value as given. `text` is undefined for a switch, and for a `-D` that nothing follows. */
export interface Item {
  readonly slot: Slot;
  readonly text: string | undefined;
  /** How a remark names it: `-L`, `local`. */
  readonly label: string;
}

export type Items = { readonly ok: true; readonly items: readonly Item[] } | ReturnType<typeof importFault>;

/**
 * Arguments in any order: `-p value`, `-p=value`, `--key value`, `--key=value`, bundles whose last letter takes a
 * value (`-wL 1080::1080`), a value right behind its letter (`-L1080::1080`), `--` before what is no option. As
 * Culvert's own command line reads them, but for a long name behind one dash, which is let pass.
 */
export function readFlags(args: readonly string[]): Items {
  const items: Item[] = [];
  let at = 0;
  let onlyWords = false;
  const next = (): string | undefined => {
    const word = args[at];
    if (word === undefined || (word.startsWith('-') && word !== '-' && !/^-\d/.test(word))) return undefined;
    at++;
    return word;
  };
  const push = (flag: Flag, label: string, attached: string | undefined) => {
    const text = flag.value ? (attached ?? next()) : undefined;
    items.push({ slot: flag.slot, text, label });
    // goflyway's -D is a bare switch too.
    return !flag.value || text !== undefined || flag.slot === 'dynamic';
  };
  while (at < args.length) {
    const word = args[at++];
    if (onlyWords || !word.startsWith('-') || word === '-') {
      items.push({ slot: 'address', text: word, label: 'address' });
      continue;
    }
    if (word === '--') {
      onlyWords = true;
      continue;
    }
    const equals = word.indexOf('=');
    const name = word.slice(word.startsWith('--') ? 2 : 1, equals < 0 ? undefined : equals);
    const long = word.startsWith('--') || name.length > 2 ? LONG.get(name) : undefined;
    if (word.startsWith('--') && long === undefined) return importFault('unknownOption', `--${name}`);
    if (long !== undefined) {
      const attached = equals < 0 ? undefined : word.slice(equals + 1);
      if (!push(long, `--${name}`, attached)) return importFault('valueMissing', `--${name}`);
      continue;
    }
    for (let i = 1; i < word.length; i++) {
      const flag = SHORT.get(word[i]);
      const label = `-${word[i]}`;
      if (flag === undefined) return importFault('unknownOption', label);
      if (!flag.value) {
        push(flag, label, undefined);
        continue;
      }
      const rest = word.slice(i + 1);
      if (!push(flag, label, rest === '' ? undefined : rest.replace(/^=/, '')))
        return importFault('valueMissing', label);
      break;
    }
  }
  return { ok: true, items };
}
