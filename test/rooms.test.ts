import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importChain, importGraph, importsOf, maskSource } from './support/import-graph.ts';
import { BANS, breaches, ROOMS, roomOf } from './support/rooms.ts';
import { root, sourcesBelow } from './support/sources.ts';

const graphOf = (files: Record<string, string>) => importGraph(new Map(Object.entries(files)));
const breachesOf = (files: Record<string, string>) => breaches(graphOf(files));

describe('the rooms of this project', () => {
  const sources = sourcesBelow('src-main', 'src-renderer', 'src-shared');
  const graph = importGraph(sources);

  it('are walked: sources were found, with their imports', () => {
    expect([...sources.keys()]).toContain('src-main/engine/base/errors.ts');
    const edges = [...graph.values()].flatMap((source) => source.imports);
    expect(edges.some(({ target }) => target.startsWith('src-main/engine/'))).toBe(true);
  });

  it('import only what the table allows', () => {
    expect(breaches(graph)).toEqual([]);
  });

  it('import only files that exist', () => {
    const missing = [...graph].flatMap(([path, { imports }]) =>
      imports
        .filter(({ target }) => /^(?:src-|test\/).*\.tsx?$/.test(target) && !sources.has(target))
        .map(({ target, line }) => `${path}:${line} imports ${target}`),
    );
    expect(missing).toEqual([]);
  });

  it('import only packages that are installed with the product', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const dependencies = { ...manifest.dependencies, ...manifest.optionalDependencies };
    const undeclared = [...graph]
      .filter(([path]) => !path.startsWith('src-renderer/') && !path.startsWith('src-main/shell/'))
      .flatMap(([path, { imports }]) => imports.map(({ target }) => ({ path, target })))
      .filter(({ target }) => target.startsWith('npm:') && !(target.slice('npm:'.length) in dependencies));
    expect(undeclared).toEqual([]);
  });
});

describe('the table', () => {
  it('names each room once and bans only rooms it has', () => {
    const names = ROOMS.map((room) => room.name);
    expect(new Set(names).size).toBe(names.length);
    for (const ban of BANS) expect(names).toEqual(expect.arrayContaining([...ban.rooms]));
  });

  it.each([
    ['src-main/engine/carrier/carrier.ts', 'carrier interface'],
    ['src-main/engine/carrier/ws.ts', 'carrier'],
    ['src-main/engine/carrier/kcp/arq.ts', 'carrier'],
    ['src-main/engine/index.ts', 'engine index'],
    ['src-main/cli/culvert.ts', 'cli'],
    ['src-main/engine/elsewhere/a.ts', undefined],
    ['src-main/stray.ts', undefined],
  ])('%s stands in %s', (path, name) => {
    expect(roomOf(path)?.name).toBe(name);
  });
});

describe('a breach is reported', () => {
  // Each line: what is wrong, a tree that has it, and what the report must say.
  it.each<[string, Record<string, string>, RegExp]>([
    [
      'mux imports session',
      {
        'src-main/engine/mux/a.ts': "\nimport { S } from '../session/s.ts';",
        'src-main/engine/session/s.ts': '',
      },
      /mux\/a\.ts:2 imports src-main\/engine\/session\/s\.ts; mux may import .*injected function/,
    ],
    [
      'mux imports a Node module',
      { 'src-main/engine/mux/a.ts': "import { Socket } from 'node:net';" },
      /mux\/a\.ts:1 imports node:net/,
    ],
    [
      'session imports a carrier',
      { 'src-main/engine/session/a.ts': "import type { Ws } from '../carrier/ws.ts';" },
      /session\/a\.ts:1 imports src-main\/engine\/carrier\/ws\.ts/,
    ],
    [
      'the carrier interface brings a carrier into session',
      {
        'src-main/engine/session/a.ts': "import type { Carrier } from '../carrier/carrier.ts';",
        'src-main/engine/carrier/carrier.ts': "import './ws.ts';",
        'src-main/engine/carrier/ws.ts': "import { WebSocket } from 'ws';",
      },
      /session\/a\.ts -> src-main\/engine\/carrier\/carrier\.ts -> src-main\/engine\/carrier\/ws\.ts -> npm:ws; session/,
    ],
    [
      'a carrier imports mux',
      { 'src-main/engine/carrier/ws.ts': "export { M } from '../mux/m.ts';" },
      /carrier\/ws\.ts:1 imports src-main\/engine\/mux\/m\.ts/,
    ],
    [
      'client reaches server through a shared room',
      {
        'src-main/engine/client/c.ts': "import '../stats/s.ts';",
        'src-main/engine/stats/s.ts': "import '../server/x.ts';",
      },
      /client\/c\.ts -> src-main\/engine\/stats\/s\.ts -> src-main\/engine\/server\/x\.ts; client must not reach it/,
    ],
    [
      'server imports client',
      { 'src-main/engine/server/s.ts': "import '../client/c.ts';" },
      /server\/s\.ts:1 imports src-main\/engine\/client\/c\.ts/,
    ],
    [
      'wire reaches a socket through base',
      {
        'src-main/engine/wire/w.ts': "import '../base/b.ts';",
        'src-main/engine/base/b.ts': "import { request } from 'http';",
      },
      /wire\/w\.ts -> src-main\/engine\/base\/b\.ts -> node:http; wire must not reach it/,
    ],
    [
      'the engine imports shared',
      { 'src-main/engine/index.ts': "export * from '../../src-shared/format.ts';" },
      /engine\/index\.ts:1 imports src-shared\/format\.ts/,
    ],
    [
      'cli goes into the engine',
      { 'src-main/cli/a.ts': "import { X } from '../engine/base/x.ts';" },
      /cli\/a\.ts:1 imports src-main\/engine\/base\/x\.ts; cli may import/,
    ],
    [
      'cli reaches Electron through host',
      {
        'src-main/cli/a.ts': "import '../host/h.ts';",
        'src-main/host/h.ts': "const store = await import('electron-store');",
      },
      /cli\/a\.ts -> src-main\/host\/h\.ts -> npm:electron-store; cli must not reach it: only the shell/,
    ],
    [
      'the page reaches Node through shared',
      {
        'src-renderer/main.tsx': "import { f } from '../src-shared/f.ts';",
        'src-shared/f.ts': "import { readFileSync } from 'fs';",
      },
      /src-renderer\/main\.tsx -> src-shared\/f\.ts -> node:fs; renderer must not reach it: a page has no Node/,
    ],
    [
      'a worker in another room',
      { 'src-main/engine/mux/a.ts': "new Worker(new URL('../server/w.ts', import.meta.url));" },
      /mux\/a\.ts:1 imports src-main\/engine\/server\/w\.ts/,
    ],
    [
      'the product imports a test',
      { 'src-main/host/h.ts': "import '../../test/support/x.ts';" },
      /host\/h\.ts -> test\/support\/x\.ts; host must not reach it/,
    ],
    [
      'a computed import',
      { 'src-main/host/h.ts': "const name = 'a';\nawait import(name);" },
      /host\/h\.ts:2 imports a computed name/,
    ],
    [
      'a name made of parts',
      { 'src-main/host/h.ts': "await import('./a' + x);" },
      /host\/h\.ts:1 imports a computed name/,
    ],
    ['require', { 'src-main/host/h.ts': "require('electron');" }, /host\/h\.ts:1 uses require/],
    ['an alias', { 'src-main/host/h.ts': "import '#inside';" }, /"#inside", a name that is not followed/],
    [
      'types by reference',
      { 'src-shared/a.ts': '/// <reference types="node" />' },
      /has a \/\/\/ <reference>/,
    ],
    ['a file in no room', { 'src-main/engine/odd/a.ts': '' }, /odd\/a\.ts stands in no room/],
  ])('%s', (_what, files, report) => {
    expect(breachesOf(files).some((line) => report.test(line))).toBe(true);
  });

  it('and nothing else is', () => {
    const files = {
      'src-shared/f.ts': "import { z } from 'zod';",
      'src-main/engine/base/b.ts': "import { readFileSync } from 'node:fs';",
      'src-main/engine/session/s.ts': "import type { C } from '../carrier/carrier.ts';\nimport './t.ts';",
      'src-main/engine/session/t.ts': "import '../crypto/c.ts';",
      'src-main/engine/crypto/c.ts': "import { createHmac } from 'node:crypto';\nimport '../base/b.ts';",
      'src-main/engine/carrier/carrier.ts': "import '../wire/w.ts';",
      'src-main/engine/carrier/ws.ts': "import 'ws';\nimport 'node:http';\nimport './carrier.ts';",
      'src-main/engine/wire/w.ts': '',
      'src-main/engine/client/c.ts':
        "import '../carrier/ws.ts';\nimport '../session/s.ts';\nimport 'node:net';",
      'src-main/engine/index.ts': "export { c } from './client/c.ts';",
      'src-main/host/h.ts': "import '../engine/index.ts';\nimport '../../src-shared/f.ts';",
      'src-main/shell/m.ts': "import { app } from 'electron';\nimport '../host/h.ts';",
      'src-main/cli/c.ts': "import '../engine/index.ts';\nimport '../host/h.ts';",
      'src-renderer/main.tsx': "import { createRoot } from 'react-dom/client';\nimport '../src-shared/f.ts';",
      'test/unit/x.test.ts': "import 'electron';",
    };
    expect(breachesOf(files)).toEqual([]);
  });
});

describe('the walker', () => {
  const targets = (text: string) => importsOf('src-main/a/b.ts', text).imports.map(({ target }) => target);

  it.each([
    ["import a from './x.ts';", 'src-main/a/x.ts'],
    ["import type { A } from '../x.ts';", 'src-main/x.ts'],
    ["import { type A, b as c } from './x.ts';", 'src-main/a/x.ts'],
    ["import a, * as b from './x.ts';", 'src-main/a/x.ts'],
    ["import {\n  a,\n  // from './no.ts'\n  b,\n} from './x.ts';", 'src-main/a/x.ts'],
    ['import "./x.ts"', 'src-main/a/x.ts'],
    ["export * from './x.ts';", 'src-main/a/x.ts'],
    ["export * as a from './x.ts';", 'src-main/a/x.ts'],
    ["export type { A } from './x.ts';", 'src-main/a/x.ts'],
    ["import d from './d.json' with { type: 'json' };", 'src-main/a/d.json'],
    ["const a = await import('./x.ts');", 'src-main/a/x.ts'],
    ["const a = await import(/* why */ './x.ts');", 'src-main/a/x.ts'],
    ["let a: import('./x.ts').A;", 'src-main/a/x.ts'],
    ["import fs from 'fs/promises';", 'node:fs/promises'],
    ["import { test } from 'node:test';", 'node:test'],
    ["import x from '@scope/name/part';", 'npm:@scope/name'],
    [`const t = \`\${await import('./x.ts')} and \${\`\${1}\`}\`;`, 'src-main/a/x.ts'],
    ["const r = /['\"`]/.test(s); import('./x.ts');", 'src-main/a/x.ts'],
    ["const q = a / b; import('./x.ts'); const z = c / d;", 'src-main/a/x.ts'],
    [`const o = { a: \`\${{ b: 1 }}\` }; import('./x.ts');`, 'src-main/a/x.ts'],
  ])('follows %j', (text, target) => {
    expect(targets(text)).toEqual([target]);
  });

  it.each([
    "// import './x.ts';",
    "/* import './x.ts'; */",
    'const s = "import \'./x.ts\'";',
    `const s = \`import './x.ts'; \${1} import './x.ts'\`;`,
    "const s = 'it\\'s'; /* export * from './x.ts' */",
    'const at = import.meta.url;',
    "export const from = 'x';",
  ])('does not follow %j', (text) => {
    expect(importsOf('src-main/a/b.ts', text)).toEqual({ imports: [], faults: [] });
  });

  it('keeps line numbers through comments and templates', () => {
    const text = "/*\n\n*/\nconst t = `\n\n`;\nimport './x.ts';\n";
    expect(importsOf('src-main/a/b.ts', text).imports).toEqual([{ target: 'src-main/a/x.ts', line: 7 }]);
    expect(maskSource(text).code.split('\n').length).toBe(text.split('\n').length);
  });

  it('finds a shortest chain and ends on cycles', () => {
    const graph = graphOf({
      'src-main/a.ts': "import './b.ts';\nimport './c.ts';",
      'src-main/b.ts': "import './a.ts';\nimport './d.ts';",
      'src-main/c.ts': "import 'ws';",
      'src-main/d.ts': "import './c.ts';",
    });
    expect(importChain(graph, 'src-main/a.ts', (t) => t === 'npm:ws')).toEqual([
      'src-main/a.ts',
      'src-main/c.ts',
      'npm:ws',
    ]);
    expect(importChain(graph, 'src-main/a.ts', (t) => t === 'npm:none')).toBeUndefined();
  });
});
