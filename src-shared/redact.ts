/** Taking secrets out of text that leaves the machine: exported logs, *Copy details*. */
import type { Failure } from './errors.ts';
import { isSecretHeader, type Profile } from './profile.ts';
import type { AppState, HostInfo } from './state.ts';

/** What this host knows to be secret or private; each is replaced wherever it stands. */
export interface Private {
  /** Keys, passphrases, passwords. */
  readonly secrets: readonly string[];
  /** Hosts of servers, proxies and targets. Whatever their case. */
  readonly hosts: readonly string[];
  readonly users: readonly string[];
}

/** What profiles and the embedded server say of places and people; `secrets` is what else is known to be secret. */
export function privateOf(
  profiles: Iterable<Omit<Profile, 'id'>>,
  server: Pick<AppState['server']['config'], 'publicHost'>,
  secrets: readonly string[] = [],
): Private {
  const hosts = new Set([server.publicHost]);
  const users = new Set<string>();
  const hidden = [...secrets];
  for (const { rules, proxy, server, headers, hostHeader, sni } of profiles) {
    // The Host header may have a port.
    for (const host of [server.host, sni, hostHeader.replace(/:\d+$/, '')]) hosts.add(host);
    if (proxy !== null) {
      hosts.add(proxy.host);
      users.add(proxy.user);
    }
    for (const rule of rules) {
      if (rule.kind === 'dynamic') users.add(rule.auth?.user ?? '');
      else hosts.add(rule.target.host);
    }
    for (const { name, value } of headers) if (isSecretHeader(name)) hidden.push(value);
  }
  for (const loopback of ['127.0.0.1', 'localhost', '::1']) hosts.delete(loopback);
  return { secrets: hidden, hosts: [...hosts], users: [...users] };
}

/** Replaced whether known or not, as they have a shape. Each keeps what says which kind it was. */
const SHAPES: ReadonlyArray<readonly [RegExp, string]> = [
  [/culvert:\/\/v\d+\/[\w-]+/gi, 'culvert://[link]'],
  [/cv1_[\w-]+/g, '[key]'],
  [/((?:proxy-)?authorization|(?:set-)?cookie)(["']?\s*[:=]\s*)[^\r\n]*/gi, '$1$2[removed]'],
  [/(\w:\/\/)[^\s/@]{1,512}@/g, '$1[user]@'],
];

/** Terms shorter than this are looked for as words of their own: a key of one letter must not blacken every line. */
const SHORT = 4;

/** A function that takes them out of any text. Made once for many lines. */
export function redactor({ secrets, hosts, users }: Private): (text: string) => string {
  const marks = new Map<string, string>();
  for (const [texts, mark] of [
    [users, '[user]'],
    [hosts, '[host]'],
    [secrets, '[secret]'],
  ] as const) {
    for (const text of texts) if (text !== '') marks.set(fold(text), mark);
  }
  const long = [...marks.keys()].filter((term) => term.length >= SHORT);
  const short = [...marks.keys()].filter((term) => term.length < SHORT).map(wordPattern);
  const words = short.length === 0 ? undefined : new RegExp(short.join('|'), 'gu');
  const find = finder(long);
  return (text) => {
    // What is known goes first: a shape could cut it in two.
    const once = replaceFound(text, find, marks);
    const twice = words === undefined ? once : replaceWords(once, words, marks);
    return SHAPES.reduce((given, [shape, to]) => given.replace(shape, to), twice);
  };
}

/** Small letters without a change of length, so that places in both texts are the same. */
function fold(text: string): string {
  const small = text.toLowerCase();
  if (small.length === text.length) return small;
  return text.replace(/./gsu, (char) =>
    char.toLowerCase().length === char.length ? char.toLowerCase() : char,
  );
}

/**
 * The length of the longest term that begins at a place; 0: none. A host may know thousands of terms, and one regular
 * expression of all of them takes minutes for a full log: here a place costs one look-up unless a term's first
 * characters stand there, and then one per length of those terms.
 */
function finder(terms: readonly string[]): (folded: string, at: number) => number {
  const byStart = new Map<string, { readonly lengths: number[]; readonly terms: Set<string> }>();
  for (const term of terms) {
    const start = term.slice(0, SHORT);
    const bucket = byStart.get(start) ?? { lengths: [], terms: new Set<string>() };
    byStart.set(start, bucket);
    bucket.terms.add(term);
    if (!bucket.lengths.includes(term.length)) bucket.lengths.push(term.length);
  }
  for (const { lengths } of byStart.values()) lengths.sort((a, b) => b - a);
  return (folded, at) => {
    const bucket = byStart.get(folded.slice(at, at + SHORT));
    return bucket?.lengths.find((length) => bucket.terms.has(folded.slice(at, at + length))) ?? 0;
  };
}

function replaceFound(
  text: string,
  find: (folded: string, at: number) => number,
  marks: ReadonlyMap<string, string>,
): string {
  const folded = fold(text);
  let out = '';
  let kept = 0;
  for (let at = 0; at + SHORT <= folded.length; ) {
    const length = find(folded, at);
    if (length === 0) {
      at++;
      continue;
    }
    out += text.slice(kept, at) + (marks.get(folded.slice(at, at + length)) ?? '[secret]');
    at += length;
    kept = at;
  }
  return kept === 0 ? text : out + text.slice(kept);
}

function replaceWords(text: string, words: RegExp, marks: ReadonlyMap<string, string>): string {
  let out = '';
  let kept = 0;
  for (const { 0: found, index } of fold(text).matchAll(words)) {
    out += text.slice(kept, index) + (marks.get(found) ?? '[secret]');
    kept = index + found.length;
  }
  return out + text.slice(kept);
}

function wordPattern(term: string): string {
  const escaped = term.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return `(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`;
}

/** What *Copy details* puts on the clipboard: English lines for whoever helps, with secrets taken out. */
export function printDetails(failure: Failure, host: HostInfo, redact: (text: string) => string): string {
  const details = Object.entries(failure.details ?? {}).map(([name, value]) => `${name}: ${value}`);
  const lines = [
    `${failure.code}: ${failure.message}`,
    ...(failure.remedy === undefined ? [] : [`remedy: ${failure.remedy}`]),
    ...details,
    `culvert ${host.version} (${host.kind}), ${host.platform}, ${host.runtime}`,
  ];
  return `${lines.map(redact).join('\n')}\n`;
}
