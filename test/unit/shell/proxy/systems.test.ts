import { describe, expect, it } from 'vitest';
import { proxySystems } from '../../../../src-main/shell/proxy/systems.ts';
import { watchdogScript } from '../../../../src-main/shell/proxy/watchdog.ts';
import type { RunCommand } from '../../../../src-main/shell/run-command.ts';

/** Answers by the command line; what is not there fails. */
const answering = (answers: Readonly<Record<string, string>>): RunCommand => {
  return async (program, args) => {
    const stdout = answers[[program, ...args].join(' ')];
    return stdout === undefined ? { code: 1, stdout: '' } : { code: 0, stdout };
  };
};
const endpoint = { host: '127.0.0.1', port: 1080 };
const lines = (commands: ReadonlyArray<{ program: string; args: readonly string[] }>): string[] =>
  commands.map(({ program, args }) => [program, ...args].join(' '));

const names = (platform: NodeJS.Platform, env: NodeJS.ProcessEnv = {}): string[] =>
  proxySystems(platform, env).map(({ name }) => name);

describe('which settings a system has', () => {
  it('goes by the platform and the desktop', () => {
    expect(names('win32')).toEqual(['windows']);
    expect(names('darwin')).toEqual(['macos']);
    expect(names('linux')).toEqual(['gnome', 'kde']);
    expect(names('linux', { XDG_CURRENT_DESKTOP: 'KDE' })).toEqual(['kde', 'gnome']);
  });
});

describe('macOS', () => {
  const [system] = proxySystems('darwin', {});
  const off = 'Enabled: No\nServer: \nPort: 0\nAuthenticated Proxy Enabled: 0\n';
  const run = answering({
    'networksetup -listallnetworkservices': 'An asterisk (*) denotes …\nWi-Fi\n*Old Ethernet\n',
    'networksetup -getsocksfirewallproxy Wi-Fi': 'Enabled: Yes\nServer: proxy.test\nPort: 8080\n',
    'networksetup -getwebproxy Wi-Fi': off,
    'networksetup -getsecurewebproxy Wi-Fi': off,
  });

  it('reads every service that is on, sets each, and puts each back', async () => {
    const saved = await system.read(run);
    expect(saved).toEqual({
      'socksfirewallproxy Wi-Fi': 'Yes|proxy.test|8080',
      'webproxy Wi-Fi': 'No||0',
      'securewebproxy Wi-Fi': 'No||0',
    });
    if (saved === undefined) return;
    expect(lines(system.apply(endpoint, saved)).slice(0, 2)).toEqual([
      'networksetup -setsocksfirewallproxy Wi-Fi 127.0.0.1 1080',
      'networksetup -setsocksfirewallproxystate Wi-Fi on',
    ]);
    expect(lines(system.undo(saved))).toEqual([
      'networksetup -setsocksfirewallproxy Wi-Fi proxy.test 8080',
      'networksetup -setsocksfirewallproxystate Wi-Fi on',
      'networksetup -setwebproxystate Wi-Fi off',
      'networksetup -setsecurewebproxystate Wi-Fi off',
    ]);
    expect(system.applied(endpoint, saved)['webproxy Wi-Fi']).toBe('Yes|127.0.0.1|1080');
  });
});

describe('Windows', () => {
  const [system] = proxySystems('win32', {});
  const key = 'HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings';

  it('reads the registry, sets it, and puts back what was there or was not', async () => {
    const text = `\r\n${key}\r\n    ProxyEnable    REG_DWORD    0x0\r\n    ProxyServer    REG_SZ    a|b:80\r\n`;
    const saved = await system.read(answering({ [`reg.exe query ${key}`]: text }));
    expect(saved).toEqual({
      ProxyEnable: 'REG_DWORD|0x0',
      ProxyServer: 'REG_SZ|a|b:80',
      ProxyOverride: null,
    });
    if (saved === undefined) return;
    expect(lines(system.apply(endpoint, saved))[0]).toBe(
      `reg.exe add ${key} /v ProxyServer /t REG_SZ /d 127.0.0.1:1080 /f`,
    );
    expect(lines(system.undo(saved)).slice(0, 3)).toEqual([
      `reg.exe add ${key} /v ProxyEnable /t REG_DWORD /d 0x0 /f`,
      `reg.exe add ${key} /v ProxyServer /t REG_SZ /d a|b:80 /f`,
      `reg.exe delete ${key} /v ProxyOverride /f`,
    ]);
    expect(system.applied(endpoint, saved)).toMatchObject({
      ProxyEnable: 'REG_DWORD|0x1',
      ProxyServer: 'REG_SZ|127.0.0.1:1080',
    });
  });
});

describe('KDE', () => {
  const [system] = proxySystems('linux', { XDG_CURRENT_DESKTOP: 'KDE' });
  const place = '--file kioslaverc --group Proxy Settings --key';

  it('uses the tools of the version that is there, and deletes what was not set', async () => {
    const saved = await system.read(answering({ [`kreadconfig5 ${place} ProxyType`]: '\n' }));
    expect(saved).toEqual({
      version: '5',
      ProxyType: null,
      socksProxy: null,
      httpProxy: null,
      httpsProxy: null,
    });
    if (saved === undefined) return;
    expect(lines(system.apply(endpoint, saved))[0]).toBe(
      `kwriteconfig5 ${place} socksProxy socks://127.0.0.1 1080`,
    );
    expect(lines(system.undo(saved))[0]).toBe(`kwriteconfig5 ${place} ProxyType 0`);
    expect(lines(system.undo(saved))[1]).toBe(`kwriteconfig5 ${place} socksProxy --delete `);
    expect(lines(system.undo({ version: '6', httpProxy: 'http://a 1' }))[0]).toBe(
      `kwriteconfig6 ${place} httpProxy http://a 1`,
    );
  });
});

describe('the watchdog', () => {
  it('quotes what it is given', () => {
    const command = { program: 'a b', args: ["it's", '$HOME'] };
    expect(watchdogScript([command], 'linux').at(-1)).toContain(`'a b' 'it'\\''s' '$HOME'`);
    expect(watchdogScript([command], 'win32').at(-1)).toContain(`& 'a b' 'it''s' '$HOME'`);
  });
});
