import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ConfigKeeper } from '../../src-main/host/config-keeper.ts';
import { confFiles } from '../../src-main/host/json-document.ts';
import { root } from '../support/sources.ts';
import { profileView } from '../unit/shared/samples.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'culvert-kill-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const SAVES = 200;
const { origin: _origin, secrets: _secrets, ...profile } = profileView('p');

it('kill -9 during 200 saves always leaves a complete configuration, and no save that was told is lost', async () => {
  let killedWhileSaving = 0;
  // The child is killed at another point each time, from its first save to near its last.
  for (let round = 0; round < 20; round++) {
    const child = spawn(
      process.execPath,
      [join(root, 'test/support/saving-child.mjs'), directory, `${SAVES}`],
      {
        env: { ...process.env, CULVERT_TEST_PROFILE: JSON.stringify(profile) },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const killAt = 1 + round * 9;
    let told = 0;
    for await (const chunk of child.stdout) {
      const numbers = String(chunk).trim().split('\n').map(Number);
      told = Math.max(told, ...numbers);
      if (told < killAt) continue;
      child.kill('SIGKILL');
      break;
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    if (told < SAVES) killedWhileSaving++;

    const keeper = new ConfigKeeper(directory, confFiles(directory));
    expect(keeper.loaded).toEqual({ origin: 'file', setAside: undefined });
    expect(keeper.profiles).toHaveLength(100);
    const revisions = new Set(keeper.profiles.map(({ revision }) => revision));
    expect(revisions.size).toBe(1);
    expect(Math.min(...revisions)).toBeGreaterThanOrEqual(told);
    const entries = readdirSync(directory);
    expect(entries.filter((name) => name.includes('.tmp-'))).toEqual([]);
    for (const name of entries) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  }
  expect(killedWhileSaving).toBeGreaterThan(10);
}, 60_000);
