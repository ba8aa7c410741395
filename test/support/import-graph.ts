import { isBuiltin } from 'node:module';
import { posix } from 'node:path';

/**
 * Reads the imports of TypeScript sources without a compiler. The sources' own texts are the input, so the
 * tests of this walker run on small invented trees and the rooms' test on the real one.
 *
 * A node of the graph is `src-main/…/x.ts` (a file, from the project's top), `node:net` (a Node module, however
 * it was spelled) or `npm:ws` (a package, whatever part of it).
 */
export interface Import {
  readonly target: string;
  readonly line: number;
}

export interface SourceImports {
  readonly imports: readonly Import[];
  /** What the walker cannot follow, each with its line: a file with one of these proves nothing. */
  readonly faults: readonly string[];
}

export type ImportGraph = ReadonlyMap<string, SourceImports>;

/** Source text with comments blanked and each literal replaced by a quoted index into `literals`. */
export interface MaskedSource {
  readonly code: string;
  readonly literals: readonly string[];
}

// A slash after one of these begins a regular expression, after anything else it divides.
const BEFORE_REGEX =
  /(?:^|[([{,;:=!&|?+\-*%~^<>]|\b(?:return|typeof|case|in|of|delete|void|throw|await|yield))$/;

/**
 * Blanks what is not code. Line breaks stay, so that line numbers hold. Text between JSX tags is taken for
 * code; a stray quote in it costs at most the rest of its line, and imports stand elsewhere.
 */
export function maskSource(text: string): MaskedSource {
  const literals: string[] = [];
  // For each open template literal: how many braces are open in the ${} being read.
  const braces: number[] = [];
  let code = '';
  let at = 0;

  const literal = (value: string): string => `'${literals.push(value) - 1}'`;
  const breaks = (part: string): string => part.replace(/[^\n]/g, '');

  /** From after the opening quote or a `}` to after the closing quote or a `${`. */
  const template = (): void => {
    const start = at;
    while (at < text.length && text[at] !== '`' && !text.startsWith('${', at))
      at += text[at] === '\\' ? 2 : 1;
    const part = text.slice(start, at);
    if (text.startsWith('${', at)) {
      code += `${breaks(part)} \${`;
      braces.push(0);
      at += 2;
    } else {
      code += literal(part) + breaks(part);
      at += 1;
    }
  };

  while (at < text.length) {
    const char = text[at];
    if (text.startsWith('//', at)) {
      while (at < text.length && text[at] !== '\n') at++;
    } else if (text.startsWith('/*', at)) {
      const end = text.indexOf('*/', at + 2);
      const next = end === -1 ? text.length : end + 2;
      code += ` ${breaks(text.slice(at, next))}`;
      at = next;
    } else if (char === "'" || char === '"') {
      const start = ++at;
      while (at < text.length && text[at] !== char && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1;
      code += literal(text.slice(start, at));
      if (text[at] === char) at++;
    } else if (char === '`') {
      at++;
      template();
    } else if (char === '/' && BEFORE_REGEX.test(code.slice(-16).trimEnd())) {
      at = afterRegex(text, at);
      code += ' 0 ';
    } else if (char === '}' && braces.at(-1) === 0) {
      braces.pop();
      code += '}';
      at++;
      template();
    } else {
      const open = braces.length - 1;
      if (open >= 0 && char === '{') braces[open]++;
      if (open >= 0 && char === '}') braces[open]--;
      code += char;
      at++;
    }
  }
  return { code, literals };
}

function afterRegex(text: string, start: number): number {
  let at = start + 1;
  let inClass = false;
  while (at < text.length && text[at] !== '\n' && (inClass || text[at] !== '/')) {
    if (text[at] === '[') inClass = true;
    if (text[at] === ']') inClass = false;
    at += text[at] === '\\' ? 2 : 1;
  }
  at++;
  while (/[a-z]/.test(text[at] ?? '')) at++;
  return at;
}

// Each captures the index of the literal that names the module.
const EDGES = [
  /\bimport\s*'(\d+)'/g,
  /\bimport\b(?!\s*[('.])[^;'()]*?\bfrom\s*'(\d+)'/g,
  /\bexport\s+(?:type\s+)?(?:\*(?:\s*as\s+[\w$]+)?|\{[^}]*\})\s*from\s*'(\d+)'/g,
  /\bimport\s*\(\s*'(\d+)'/g,
  // How a worker or a data file is named.
  /\bnew\s+URL\s*\(\s*'(\d+)'\s*,\s*import\.meta\.url/g,
];

const UNFOLLOWABLE: ReadonlyArray<readonly [pattern: RegExp, fault: string]> = [
  [/\bimport\s*\((?!\s*'\d+'\s*[,)])/g, 'imports a computed name'],
  [/\brequire\b\s*[(.]|\bcreateRequire\b/g, 'uses require'],
  [/\bgetBuiltinModule\b/g, 'fetches a Node module by call'],
];

/** The imports of one source, types included: a room that knows another's types knows the other. */
export function importsOf(path: string, text: string): SourceImports {
  const { code, literals } = maskSource(text);
  const lineAt = (index: number): number => code.slice(0, index).split('\n').length;
  const imports: Import[] = [];
  const faults: string[] = [];

  for (const pattern of EDGES) {
    for (const match of code.matchAll(pattern)) {
      const specifier = literals[Number(match[1])];
      const line = lineAt(match.index + match[0].length);
      const target = resolveTarget(path, specifier);
      if (target === undefined)
        faults.push(`${path}:${line} imports "${specifier}", a name that is not followed`);
      else imports.push({ target, line });
    }
  }
  for (const [pattern, fault] of UNFOLLOWABLE) {
    for (const match of code.matchAll(pattern)) faults.push(`${path}:${lineAt(match.index)} ${fault}`);
  }
  // Only a comment to this walker, but to the compiler it brings in a room's types.
  const reference = /^\s*\/\/\/\s*<reference\b/m.exec(text);
  if (reference !== null) faults.push(`${path} has a /// <reference>`);
  return { imports: imports.sort((a, b) => a.line - b.line), faults };
}

function resolveTarget(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('./') || specifier.startsWith('../')) {
    return posix.normalize(posix.join(posix.dirname(from), specifier));
  }
  if (isBuiltin(specifier)) return `node:${specifier.replace(/^node:/, '')}`;
  const name = /^(?:@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*(?=$|\/)/.exec(specifier);
  return name === null ? undefined : `npm:${name[0]}`;
}

/** @param sources text by path from the project's top, `/` between folders */
export function importGraph(sources: ReadonlyMap<string, string>): ImportGraph {
  return new Map([...sources].map(([path, text]) => [path, importsOf(path, text)]));
}

/** A shortest way from `start` to a node that satisfies `wanted` (`start` itself does not count), or undefined. */
export function importChain(
  graph: ImportGraph,
  start: string,
  wanted: (target: string) => boolean,
): readonly string[] | undefined {
  const cameFrom = new Map<string, string | undefined>([[start, undefined]]);
  // A Map's iterator also visits what is added while it runs: this is the queue of a breadth-first walk.
  for (const [node] of cameFrom) {
    for (const { target } of graph.get(node)?.imports ?? []) {
      if (cameFrom.has(target)) continue;
      cameFrom.set(target, node);
      if (wanted(target)) return chainBack(cameFrom, target);
    }
  }
  return undefined;
}

function chainBack(cameFrom: ReadonlyMap<string, string | undefined>, end: string): readonly string[] {
  const chain: string[] = [];
  for (let node: string | undefined = end; node !== undefined; node = cameFrom.get(node)) chain.unshift(node);
  return chain;
}
