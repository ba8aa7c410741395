import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { root } from './support/sources.ts';
import { biomeScript, tscScript } from './support/steps.mjs';

/**
 * The rooms are guarded three times: by imports (rooms.test.ts), by types and by lint. Here the latter two are
 * shown to bite, on small invented files.
 */
mkdirSync(join(root, 'out/.cache'), { recursive: true });
// Types need the project's node_modules above them; lint needs a place that no other configuration ignores.
const typesFolder = mkdtempSync(join(root, 'out/.cache/guards-'));
const lintFolder = mkdtempSync(join(tmpdir(), 'culvert-guards-'));
afterAll(() => {
  for (const folder of [typesFolder, lintFolder]) rmSync(folder, { recursive: true, force: true });
});

function write(full: string, text: string): void {
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
}

/** What a command printed, and whether it ended well. */
function output(
  cwd: string,
  script: string,
  args: readonly string[],
): Promise<{ ok: boolean; text: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [script, ...args], { cwd }, (error, stdout, stderr) => {
      done({ ok: error === null, text: stdout + stderr });
    });
  });
}

describe('types of a room', () => {
  const node = "import { readFileSync } from 'node:fs';\nexport const text = readFileSync('x');\n";
  const dom = 'export const title = document.title;\n';
  const pure = 'export const sum = (a: number, b: number): number => a + b;\n';

  it.each([
    ['shared', 'pure', pure, true],
    ['shared', 'node', node, false],
    ['shared', 'dom', dom, false],
    ['main', 'node', node, true],
    ['main', 'dom', dom, false],
    ['shell', 'node', node, true],
    ['shell', 'dom', dom, false],
    ['preload', 'dom', dom, true],
    ['preload', 'node', node, false],
    ['renderer', 'dom', dom, true],
    ['renderer', 'node', node, false],
  ])('%s with %s', async (room, kind, text, ok) => {
    const folder = join(typesFolder, `${room}-${kind}`);
    write(join(folder, 'a.ts'), text);
    const extended = join(root, `tsconfig.${room}.json`);
    const compilerOptions = { incremental: false, tsBuildInfoFile: null };
    write(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: extended, compilerOptions, include: ['.'] }),
    );
    const result = await output(folder, tscScript(), ['-p', '.']);
    expect(result.text).toMatch(ok ? /^$/ : /a\.ts.*error TS(?:2307|2584|2591|2304)/);
    expect(result.ok).toBe(ok);
  });
});

describe('lint of a folder', () => {
  const imports = (name: string) => `import { a } from '${name}';\n\nexport const b = a;\n`;
  const wrong: ReadonlyArray<readonly [path: string, text: string]> = [
    ['src-shared/a.ts', imports('node:fs')],
    ['src-shared/b.ts', imports('../src-main/host/h.ts')],
    ['src-shared/c.ts', imports('@orpc/server')],
    ['src-main/engine/a.ts', imports('../../src-shared/format.ts')],
    ['src-main/engine/base/a.ts', imports('../wire/w.ts')],
    ['src-main/engine/crypto/a.ts', imports('../wire/w.ts')],
    ['src-main/engine/wire/a.ts', imports('../crypto/c.ts')],
    ['src-main/engine/session/a.ts', imports('../carrier/ws.ts')],
    ['src-main/engine/session/b.ts', imports('node:net')],
    ['src-main/engine/session/c.ts', imports('../mux/m.ts')],
    ['src-main/engine/mux/a.ts', imports('../session/s.ts')],
    ['src-main/engine/mux/b.ts', imports('../carrier/carrier.ts')],
    ['src-main/engine/carrier/a.ts', imports('../session/s.ts')],
    ['src-main/engine/carrier/carrier.ts', imports('./ws.ts')],
    ['src-main/engine/carrier/kcp/a.ts', imports('../../mux/m.ts')],
    ['src-main/engine/client/a.ts', imports('../server/s.ts')],
    ['src-main/engine/client/b.ts', imports('electron')],
    ['src-main/engine/server/a.ts', imports('../client/c.ts')],
    ['src-main/engine/stats/a.ts', imports('../mux/m.ts')],
    ['src-main/host/a.ts', imports('../engine/base/log.ts')],
    ['src-main/host/b.ts', imports('electron-store')],
    ['src-main/shell/a.ts', imports('../engine/index.ts')],
    ['src-main/cli/a.ts', imports('../engine/client/client.ts')],
    ['src-main/cli/b.ts', imports('../shell/main.ts')],
    ['src-renderer/a.tsx', imports('node:fs')],
    ['src-renderer/b.tsx', imports('../src-main/host/h.ts')],
    ['src-renderer/c.tsx', imports('electron')],
    ['src-main/engine/session/d.ts', 'export const at = Date.now();\n'],
    ['src-main/engine/mux/d.ts', 'export const start = (f: () => void) => setTimeout(f, 1);\n'],
  ];
  const right: ReadonlyArray<readonly [path: string, text: string]> = [
    ['src-shared/ok.ts', imports('zod')],
    ['src-shared/ok2.ts', imports('@orpc/contract')],
    ['src-main/engine/base/ok.ts', imports('node:fs/promises')],
    ['src-main/engine/session/ok.ts', imports('../carrier/carrier.ts')],
    ['src-main/engine/mux/ok.ts', imports('../wire/frame.ts')],
    ['src-main/engine/carrier/ok.ts', imports('ws')],
    ['src-main/engine/carrier/kcp/ok.ts', imports('../../wire/frame.ts')],
    ['src-main/engine/carrier/kcp/ok2.ts', imports('../carrier.ts')],
    ['src-main/engine/client/ok.ts', imports('../carrier/ws.ts')],
    ['src-main/engine/server/ok.ts', imports('node:net')],
    ['src-main/host/ok.ts', imports('../engine/index.ts')],
    ['src-main/shell/ok.ts', imports('electron')],
    ['src-main/cli/ok.ts', imports('../engine/index.ts')],
    ['src-main/cli/ok2.ts', imports('../../src-shared/format.ts')],
    ['src-renderer/ok.tsx', imports('../src-shared/format.ts')],
  ];

  it('refuses what the room may not have, and only that', async () => {
    const config = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'));
    write(
      join(lintFolder, 'biome.json'),
      JSON.stringify({ ...config, root: true, $schema: undefined, vcs: undefined }),
    );
    for (const [path, text] of [...wrong, ...right]) write(join(lintFolder, path), text);
    const rules = ['--only=style/noRestrictedImports', '--only=style/noRestrictedGlobals'];
    const args = ['lint', ...rules, '--max-diagnostics=none', '--reporter=github', '.'];
    const { text } = await output(lintFolder, biomeScript(), args);
    const refused = new Set(
      [...text.matchAll(/noRestricted\w+.*?file=([^,]+),/g)].map(([, file]) =>
        file.replaceAll('\\', '/').replace(/^.*?(src-(?:main|shared|renderer)\/)/, '$1'),
      ),
    );
    expect([...refused].sort()).toEqual(wrong.map(([path]) => path).sort());
  });
});
