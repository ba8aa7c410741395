/**
 * Where a JSON text (RFC 8259) is wrong, or where its top-level properties start. JSON.parse does not say this
 * reliably: its messages differ between versions of Node, and not all of them hold a position.
 */
export type JsonMap =
  | { readonly ok: true; readonly properties: ReadonlyMap<string, number> }
  | { readonly ok: false; readonly offset: number; readonly reason: string };

const MAX_DEPTH = 64;
const WHITESPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;
const WORD = /[A-Za-z]+/y;

class Fault {
  readonly offset: number;
  readonly reason: string;
  constructor(offset: number, reason: string) {
    this.offset = offset;
    this.reason = reason;
  }
}

/** Reads the whole text once. Offsets are UTF-16 units; the last of equal properties counts, as in JSON.parse. */
export function locateJson(text: string): JsonMap {
  const properties = new Map<string, number>();
  let at = 0;

  const match = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? '';
    at += found.length;
    return found;
  };
  const fault = (reason: string): Fault =>
    new Fault(at, at >= text.length ? 'the file ends too early' : reason);
  const skip = (): string => {
    match(WHITESPACE);
    return text[at] ?? '';
  };

  const string = (what: string): string | Fault => {
    if (text[at] === "'") return fault('JSON has double quotes only');
    if (text[at] === '/') return fault('JSON has no comments');
    if (text[at] !== '"') return fault(`${what} in double quotes is expected`);
    const start = at++;
    while (text[at] !== '"') {
      if (at >= text.length || text[at] === '\n' || text[at] === '\r') {
        at = start;
        return new Fault(start, 'this text has no closing quote');
      }
      if (text[at] < ' ') return fault('a control character in a text is written as \\uXXXX');
      if (text[at] !== '\\') at++;
      else if (match(ESCAPE) === '')
        return fault('"\\" is not followed by one of "\\/bfnrtu"; write it twice');
    }
    at++;
    return JSON.parse(text.slice(start, at));
  };

  const members = (depth: number): Fault | undefined => {
    at++;
    if (skip() === '}') {
      at++;
      return undefined;
    }
    for (;;) {
      const start = at;
      const name = string('a property name');
      if (typeof name !== 'string') return name;
      if (depth === 0) properties.set(name, start);
      if (skip() !== ':') return fault('":" is expected');
      at++;
      const wrong = value(depth + 1);
      if (wrong) return wrong;
      const next = skip();
      if (next !== ',' && next !== '}') return fault('"," or "}" is expected');
      at++;
      if (next === '}') return undefined;
      if (skip() === '}') return fault('JSON has no "," before "}"');
    }
  };

  const elements = (depth: number): Fault | undefined => {
    at++;
    if (skip() === ']') {
      at++;
      return undefined;
    }
    for (;;) {
      const wrong = value(depth + 1);
      if (wrong) return wrong;
      const next = skip();
      if (next !== ',' && next !== ']') return fault('"," or "]" is expected');
      at++;
      if (next === ']') return undefined;
      if (skip() === ']') return fault('JSON has no "," before "]"');
    }
  };

  const value = (depth: number): Fault | undefined => {
    if (depth > MAX_DEPTH) return fault(`it is nested deeper than ${MAX_DEPTH}`);
    const first = skip();
    if (first === '{') return members(depth);
    if (first === '[') return elements(depth);
    if (/[-\d]/.test(first)) return match(NUMBER) === '' ? fault('this is not a number') : undefined;
    const start = at;
    const word = match(WORD);
    if (word === 'true' || word === 'false' || word === 'null') return undefined;
    at = start;
    if (word !== '') return fault('text needs double quotes');
    const text = string('a value: text');
    return typeof text === 'string' ? undefined : text;
  };

  const wrong = value(0);
  if (wrong) return { ok: false, offset: wrong.offset, reason: wrong.reason };
  if (skip() !== '') return { ok: false, offset: at, reason: 'nothing may follow here' };
  return { ok: true, properties };
}

/** Line and column, both from 1, of an offset; `\n`, `\r\n` and `\r` end lines. */
export function lineAndColumn(
  text: string,
  offset: number,
): { readonly line: number; readonly column: number } {
  const lines = text.slice(0, offset).split(/\r\n|\n|\r/);
  return { line: lines.length, column: lines[lines.length - 1].length + 1 };
}
