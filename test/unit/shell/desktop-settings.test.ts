import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clockSettings, desktopInfo } from '../../../src-main/shell/desktop-info.ts';
import { proxyEndpoint } from '../../../src-main/shell/desktop-settings.ts';
import { openedText } from '../../../src-main/shell/opened-text.ts';
import { MAX_BACKUP_TEXT } from '../../../src-shared/limits.ts';
import { hostInfoSchema } from '../../../src-shared/state.ts';
import { sampleState } from './states.ts';

describe('the proxy of the system', () => {
  const chosen = { profileId: 'id-Home', ruleId: 'web' };
  const state = (host: string, auth: { user: string } | null = null) => {
    const made = sampleState({
      Home: { kind: 'connected', transport: 'ws', rttMs: 1, since: 1, resumes: 0 },
    });
    made.settings.systemProxy = chosen;
    const bind = { host, port: 1080 };
    made.profiles['id-Home'].rules = [{ id: 'web', name: '', enabled: true, kind: 'dynamic', bind, auth }];
    made.statuses['id-Home'].listeners = { web: { kind: 'listening', ...bind } };
    return made;
  };

  it('is where the rule listens, reached from this machine', () => {
    expect(proxyEndpoint(state('127.0.0.1'))).toEqual({ host: '127.0.0.1', port: 1080 });
    expect(proxyEndpoint(state('0.0.0.0'))).toEqual({ host: '127.0.0.1', port: 1080 });
  });

  it('is none while it does not listen, needs a password, is another rule, or is not chosen', () => {
    const off = state('127.0.0.1');
    off.statuses['id-Home'].listeners = {};
    expect(proxyEndpoint(off)).toBeUndefined();
    expect(proxyEndpoint(state('127.0.0.1', { user: 'a' }))).toBeUndefined();
    const gone = state('127.0.0.1');
    gone.settings.systemProxy = { profileId: 'gone', ruleId: 'web' };
    expect(proxyEndpoint(gone)).toBeUndefined();
    const none = state('127.0.0.1');
    none.settings.systemProxy = null;
    expect(proxyEndpoint(none)).toBeUndefined();
  });
});

describe('what a desktop says of itself', () => {
  it('fits the contract on every system', () => {
    for (const platform of ['linux', 'darwin', 'win32'] as const) {
      const can = { startAtLogin: true, notifications: true, updates: false, tray: platform !== 'linux' };
      const info = desktopInfo({ version: '1.0.0', electron: '45.5.0', platform, arch: 'x64', can });
      expect(hostInfoSchema.parse(info)).toEqual(info);
      expect(info.capabilities.startHidden).toBe(can.tray);
      expect(info.capabilities.clockSettings).toBe(clockSettings(platform) !== undefined);
    }
  });
});

describe('what was opened', () => {
  it('is a link, or a file as far as it can be an import', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'culvert-opened-'));
    const path = join(folder, 'a.culvert');
    writeFileSync(path, 'culvert://x');
    expect(await openedText({ kind: 'link', text: 'culvert://y' })).toBe('culvert://y');
    expect(await openedText({ kind: 'file', path })).toBe('culvert://x');
    expect(await openedText({ kind: 'file', path: join(folder, 'gone') })).toBeUndefined();
    expect(await openedText({ kind: 'file', path: folder })).toBeUndefined();
    writeFileSync(path, Buffer.alloc(MAX_BACKUP_TEXT + 1));
    expect(await openedText({ kind: 'file', path })).toBeUndefined();
    rmSync(folder, { recursive: true });
  });
});
