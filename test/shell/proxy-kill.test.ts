import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gnomeProxy } from '../../src-main/shell/proxy/gnome-proxy.ts';
import { ProxyJournal } from '../../src-main/shell/proxy/proxy-journal.ts';
import { SystemProxy } from '../../src-main/shell/proxy/system-proxy.ts';
import { startWatchdog } from '../../src-main/shell/proxy/watchdog.ts';
import { runCommand } from '../../src-main/shell/run-command.ts';
import { root } from '../support/sources.ts';

/**
 * Stands in for `gsettings`: a file for each key, so that another process sees what was set. At the value that
 * `GSETTINGS_KILL_AT` counts to, it kills whoever asked, once that is set.
 */
const GSETTINGS = `#!/bin/sh
file="$GSETTINGS_STORE/$2.$3"
case "$1" in
  get) cat "$file" 2>/dev/null || { case "$3" in port) echo 0;; mode) echo "'none'";; *) echo "''";; esac; } ;;
  set)
    printf '%s\\n' "$4" > "$file"
    [ -z "$GSETTINGS_KILL_AT" ] && exit
    echo >> "$GSETTINGS_STORE/count"
    [ "$(wc -l < "$GSETTINGS_STORE/count")" -eq "$GSETTINGS_KILL_AT" ] && kill -9 "$PPID" ;;
esac
`;

/** An app that has set the proxy and is about to be killed. */
const APP = `
import { gnomeProxy } from '${root}/out/src-main/shell/proxy/gnome-proxy.js';
import { ProxyJournal } from '${root}/out/src-main/shell/proxy/proxy-journal.js';
import { SystemProxy } from '${root}/out/src-main/shell/proxy/system-proxy.js';
import { startWatchdog } from '${root}/out/src-main/shell/proxy/watchdog.js';
import { runCommand } from '${root}/out/src-main/shell/run-command.js';
const watchdog = process.argv[3] === 'watched' ? startWatchdog : () => ({ dismiss() {} });
const journal = new ProxyJournal(process.argv[2]);
const proxy = new SystemProxy({ systems: [gnomeProxy], run: runCommand, journal, startWatchdog: watchdog, log() {} });
await proxy.set({ host: '127.0.0.1', port: 1080 });
process.stdout.write('set\\n');
setInterval(() => {}, 1000);
`;

describe.skipIf(process.platform === 'win32')('the system proxy, with real processes', () => {
  let folder: string;
  let path: string | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'culvert-proxy-'));
    mkdirSync(join(folder, 'store'));
    writeFileSync(join(folder, 'gsettings'), GSETTINGS);
    chmodSync(join(folder, 'gsettings'), 0o755);
    path = process.env.PATH;
    process.env.PATH = `${folder}:${path}`;
    process.env.GSETTINGS_STORE = join(folder, 'store');
    writeFileSync(join(folder, 'store/org.gnome.system.proxy.http.host'), "'it''s old'\n");
  });
  afterEach(() => {
    process.env.PATH = path;
    delete process.env.GSETTINGS_STORE;
    rmSync(folder, { recursive: true, force: true });
  });

  const value = (key: string): string => {
    const file = join(folder, 'store', `org.gnome.system.proxy${key}`);
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  };
  const journalPath = (): string => join(folder, 'system-proxy.json');
  const spawnApp = (kind: 'watched' | 'alone', env: NodeJS.ProcessEnv = {}) => {
    const program = join(folder, 'app.mjs');
    writeFileSync(program, APP);
    return spawn(process.execPath, [program, journalPath(), kind], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
  };
  const startApp = async (kind: 'watched' | 'alone'): Promise<ChildProcess> => {
    const child = spawnApp(kind);
    await once(child.stdout, 'data');
    expect(value('.mode')).toBe("'manual'");
    return child;
  };
  const here = (): SystemProxy =>
    new SystemProxy({
      systems: [gnomeProxy],
      run: runCommand,
      journal: new ProxyJournal(journalPath()),
      startWatchdog,
      log: () => {},
    });

  it('is put back when the app is killed, by the watchdog, at once', async () => {
    const child = await startApp('watched');
    child.kill('SIGKILL');
    await expect.poll(() => value('.mode'), { timeout: 15_000 }).toBe("'none'");
    await expect.poll(() => value('.http.host'), { timeout: 15_000 }).toBe("'it''s old'");
  });

  it('is put back at the next start when not even the watchdog lived on', async () => {
    const child = await startApp('alone');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(value('.mode')).toBe("'manual'");
    await here().recover();
    expect(value('.mode')).toBe("'none'");
    expect(value('.http.host')).toBe("'it''s old'");
    expect(existsSync(journalPath())).toBe(false);
  });

  it.each([1, 4, 7])(
    'is put back at the next start when the app is killed at value %i of 7',
    async (count) => {
      const child = spawnApp('alone', { GSETTINGS_KILL_AT: String(count) });
      const [, signal] = await once(child, 'exit');
      expect(signal).toBe('SIGKILL');
      expect(existsSync(journalPath())).toBe(true);
      expect(value('.mode')).toBe(count === 7 ? "'manual'" : '');
      expect(value('.socks.host')).toBe("'127.0.0.1'");
      await here().recover();
      expect([value('.mode') || "'none'", value('.socks.host'), value('.http.host')]).toEqual([
        "'none'",
        "''",
        "'it''s old'",
      ]);
      expect(existsSync(journalPath())).toBe(false);
    },
  );

  it('stays as a person has set it meanwhile', async () => {
    const child = await startApp('alone');
    child.kill('SIGKILL');
    await once(child, 'exit');
    writeFileSync(join(folder, 'store/org.gnome.system.proxy.mode'), "'auto'\n");
    await here().recover();
    expect(value('.mode')).toBe("'auto'");
    expect([value('.socks.host'), value('.http.host')]).toEqual(["''", "'it''s old'"]);
    expect(existsSync(journalPath())).toBe(false);
  });

  it('is put back in order, and set again at another port', async () => {
    const proxy = here();
    await proxy.set({ host: '127.0.0.1', port: 1080 });
    await proxy.set({ host: '127.0.0.1', port: 1081 });
    expect(value('.socks.port')).toBe('1081');
    await proxy.set(undefined);
    expect([value('.mode'), value('.socks.port'), value('.http.host')]).toEqual([
      "'none'",
      '0',
      "'it''s old'",
    ]);
    expect(existsSync(journalPath())).toBe(false);
  });
});
