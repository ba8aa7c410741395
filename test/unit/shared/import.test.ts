import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { importText } from '../../../src-shared/import.ts';
import { importResultSchema } from '../../../src-shared/import-item.ts';
import { printLink } from '../../../src-shared/link.ts';
import { newDraft } from '../../../src-shared/profile.ts';
import { printRule } from '../../../src-shared/rules.ts';
import { printServer } from '../../../src-shared/server-address.ts';

/** What an import gave, in short: server, transport, key, rules and remarks of each profile. */
function brief(text: string) {
  const result = importText(text);
  expect(importResultSchema.safeParse(result).success).toBe(true);
  if (!result.ok)
    return result.error.part === '' ? result.error.reason : `${result.error.reason}: ${result.error.part}`;
  return result.items.map(({ source, draft, notes }) => ({
    source,
    server: printServer(draft.server),
    transport: draft.transport,
    key: draft.secrets.key.kind === 'set' ? draft.secrets.key.text : undefined,
    rules: draft.rules.map((rule) => `${rule.kind} ${printRule(rule)}${rule.enabled ? '' : ' off'}`),
    notes: notes.map(({ code, subject }) => (subject === '' ? code : `${code} ${subject}`)),
  }));
}
const one = (text: string) => {
  const items = brief(text);
  if (typeof items === 'string') throw new Error(items);
  expect(items).toHaveLength(1);
  return items[0];
};

describe('goflyway command lines', () => {
  it.each([
    ['./goflyway -L 1080::1080 server:80 -p password', 'auto', ['static 1080::1080']],
    ['./goflyway -w -L 1080:server2:1080 server:80 -p password', 'ws', ['static 1080:server2:1080']],
    ['goflyway.exe -D 1080 server:80 -p password', 'auto', ['dynamic 1080']],
    ['sudo /opt/goflyway -wL1080::1080 server:80 -p=password', 'ws', ['static 1080::1080']],
  ])('%s', (text, transport, rules) => {
    expect(one(text)).toEqual({
      source: 'goflyway',
      server: 'http://server',
      transport,
      key: 'password',
      rules,
      notes: ['boundToLoopback'],
    });
  });

  it('with a bare -D, as its manual has it', () => {
    expect(one('./goflyway -k testkey -w -L :1080 -D 127.0.0.1:8100')).toEqual({
      source: 'goflyway',
      server: 'http://127.0.0.1:8100',
      transport: 'ws',
      key: 'testkey',
      rules: ['dynamic 1080'],
      notes: ['readAsDynamic :1080', 'boundToLoopback'],
    });
  });
});

describe('culvert command lines', () => {
  it('with every option', () => {
    const line =
      "CULVERT_KEY=secret culvert -L '*:80:a:80/udp' -D 1080 --proxy-auth u:p wss://cdn.example/x --transport http " +
      '-H "X-A: b" -H Host=front.example -H "Connection: close" -W 64k -T 1.5m -t 60s --proxy http://me:pw@proxy:3128 ' +
      '--sni sni.example --user-agent "A b" --ca ca.pem -v';
    const result = importText(line);
    if (!result.ok) throw new Error(result.error.reason);
    expect(result.items[0].draft).toEqual(
      newDraft({
        server: { scheme: 'https', host: 'cdn.example', port: 443, path: '/x' },
        transport: 'http',
        proxy: { scheme: 'http', host: 'proxy', port: 3128, user: 'me' },
        headers: [{ name: 'X-A', value: 'b' }],
        hostHeader: 'front.example',
        sni: 'sni.example',
        userAgent: 'A b',
        limits: { writeBufferBytes: 65_536, throttleBytesPerSecond: 1_572_864, timeoutSeconds: 60 },
        rules: [
          {
            kind: 'udp',
            name: '',
            enabled: true,
            bind: { host: '*', port: 80 },
            target: { host: 'a', port: 80 },
          },
          {
            kind: 'dynamic',
            name: '',
            enabled: true,
            bind: { host: '127.0.0.1', port: 1080 },
            auth: { user: 'u', password: { kind: 'set', text: 'p' } },
          },
        ],
        secrets: { key: { kind: 'set', text: 'secret' }, proxyPassword: { kind: 'set', text: 'pw' } },
      }),
    );
    expect(one(line).notes).toEqual([
      'exposed *:80:a:80/udp',
      'fileNotRead --ca ca.pem',
      'notCarried Connection',
    ]);
  });

  it('several at once, over lines, with comments', () => {
    const text = '# mine\nculvert -D 1080 \\\n  a:80 -p x; $ -D 1081 b:80 -p "y z"\n';
    expect(brief(text)).toMatchObject([
      { server: 'http://a', key: 'x' },
      { server: 'http://b', key: 'y z' },
    ]);
  });

  it('switch off what would collide', () => {
    expect(one('culvert -D 1080 -L 1080:a:80 s:80 -p x').rules).toEqual([
      'static 1080:a:80',
      'dynamic 1080 off',
    ]);
  });

  it.each([
    ['culvert :80 -p password', 'notAClient'],
    ['culvert -D 1080', 'serverMissing'],
    ['culvert -D 1080 a:80 b:80', 'twoServers: b:80'],
    ['culvert -D 1080 a', 'portMissing: a'],
    ['culvert -D', 'valueMissing: -D'],
    ['culvert -D 1080 a:80 -p', 'valueMissing: -p'],
    ['culvert -D 1080 a:80 --nope', 'unknownOption: --nope'],
    ['culvert -D 1080 a:80 -W many', 'badOptionValue: -W many'],
    ['culvert -D 1080 a:80 -W 1', 'badOptionValue: limits.writeBufferBytes'],
    ['culvert -D 1080 a:80 -p "x', 'unclosedQuote'],
    ['culvert -D 108000 a:80', 'badPort: -D 108000'],
    ['culvert -D 1080 ftp://a', 'badScheme: ftp://'],
    ['culvert -D 1080 http://user:secret@a', 'userInUrl: @'],
    ['CULVERT_KEY=secret', 'unknownFormat'],
    ['cv1_secretsecretsecret', 'unknownFormat: cv1_…'],
    ['curl http://a.example', 'unknownFormat: curl'],
    ['', 'empty'],
    ['# nothing', 'empty'],
  ])('%s: %s', (text, error) => {
    expect(brief(text)).toBe(error);
  });

  it('name the line of an error among several', () => {
    expect(importText('culvert -D 1080 a:80\n\nculvert -D x a:80')).toEqual({
      ok: false,
      error: { reason: 'badPort', part: '-D x', line: 3 },
    });
  });
});

describe('ssh command lines', () => {
  const added = ['portAssumed 8100', 'keyMissing'];
  it.each([
    ['ssh -L 8080:localhost:80 me@host.example', ['static 8080:localhost:80'], ['notCarried me', ...added]],
    ['ssh -NfL 8080:db:5432 -p 2222 host.example', ['static 8080:db:5432'], ['notCarried -p 2222', ...added]],
    ['autossh -M 0 -N -D 1080 host.example', ['dynamic 1080'], added],
    ['ssh host.example -D *:1080', ['dynamic *:1080'], ['exposed *:1080', ...added]],
    ['ssh -g -D 1080 host.example', ['dynamic *:1080'], ['exposed *:1080', ...added]],
    ['ssh -L :80:a:80 host.example', ['static *:80:a:80'], ['exposed *:80:a:80', ...added]],
    ['ssh -D 1 -R 9:b:9 host.example', ['dynamic 1'], ['reverseNotCarried -R 9:b:9', ...added]],
    ['ssh -D 1 host.example ls -l', ['dynamic 1'], ['notCarried ls -l', ...added]],
    ['ssh -D 1 ssh://me@host.example:2222', ['dynamic 1'], ['notCarried me', ...added]],
    [
      'ssh -D 1 -L 8080:/run/x.sock host.example',
      ['dynamic 1'],
      ['notCarried -L 8080:/run/x.sock', ...added],
    ],
  ])('%s', (text, rules, notes) => {
    expect(one(text)).toEqual({
      source: 'ssh',
      server: 'http://host.example:8100',
      transport: 'auto',
      key: undefined,
      rules,
      notes,
    });
  });

  it.each([
    ['ssh host.example', 'noForward'],
    ['ssh -D 1080', 'serverMissing'],
    ['ssh -L 8080 host.example', 'hostMissing: -L 8080'],
    ['ssh -Z host.example', 'unknownOption: -Z'],
    ['ssh host.example -L', 'valueMissing: -L'],
  ])('%s: %s', (text, error) => {
    expect(brief(text)).toBe(error);
  });
});

describe('configurations', () => {
  it('in the shape of goflyway', () => {
    const config = {
      server: 'example.org',
      server_port: 8100,
      password: 'x',
      local_port: 1080,
      local: ['80::80'],
      method: 'aes',
      verbose: 2,
    };
    expect(one(JSON.stringify(config))).toEqual({
      source: 'config',
      server: 'http://example.org:8100',
      transport: 'auto',
      key: 'x',
      rules: ['static 80::80', 'dynamic 1080'],
      notes: ['notCarried method'],
    });
  });

  it('in camelCase, and several', () => {
    const config = {
      server: 'https://a.example',
      dynamic: 1080,
      proxyAuth: 'u:p',
      writeBuffer: '64k',
      websocket: true,
    };
    expect(brief(JSON.stringify([config, { ...config, server: 'b:1' }]))).toMatchObject([
      { server: 'https://a.example', transport: 'ws' },
      { server: 'http://b:1' },
    ]);
  });

  it.each([
    ['{', 'badJson'],
    ['[1]', 'badJson: [0]'],
    ['[]', 'empty'],
    ['{"listen": ":80"}', 'notAClient'],
    ['{"server": 1, "password": 1, "dynamic": 1}', 'badProperty: password'],
    ['{"server": {}}', 'badProperty: server'],
    ['{"server": "a:80", "websocket": "yes"}', 'badProperty: websocket'],
  ])('%s: %s', (text, error) => {
    expect(brief(text)).toBe(error);
  });
});

describe('links', () => {
  const link = (name: string) =>
    printLink(newDraft({ name, server: { scheme: 'http', host: name, port: 80, path: '/' } }), {
      withKey: false,
      withRules: false,
    });
  it('several at once', () => {
    expect(brief(`${link('a')}\n${link('b')}`)).toMatchObject([
      { server: 'http://a' },
      { server: 'http://b' },
    ]);
    expect(importText(`${link('a')}\n${link('b').slice(0, -3)}`)).toMatchObject({
      error: { reason: 'linkCut', line: 2 },
    });
  });
});

describe('whatever text is given', () => {
  const word = fc.constantFrom(
    ...[
      'ssh',
      'culvert',
      'goflyway',
      '-L',
      '-D',
      '-p',
      '-w',
      '-H',
      '--proxy',
      '-wL1:a:2',
      '80::80',
      'a:80',
      '-R',
      '-o',
    ],
    ...[
      '"',
      "'",
      '\\',
      '\n',
      ';',
      '#',
      '=',
      '--',
      '-',
      '{',
      '}',
      '[',
      'culvert://v1/',
      '*',
      ':',
      '@',
      '/udp',
      '\u0000',
    ],
  );
  const config = fc.dictionary(
    fc.constantFrom(
      'server',
      'server_port',
      'local',
      'password',
      'headers',
      'dynamic',
      'local_port',
      'format',
      '__proto__',
    ),
    fc.jsonValue(),
  );
  it('it gives a result and never throws', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.oneof(word, fc.string({ maxLength: 8 }))).map((words) => words.join(' ')),
      fc.array(word).map((words) => `ssh -D 1 ${words.join('')}`),
      fc.array(word).map((words) => `culvert -D 1 a:80 ${words.join(' ')}`),
      config.map((value) => JSON.stringify(value)),
      config.map((value) => JSON.stringify({ server: 'a:80', dynamic: 1, ...value })),
    );
    fc.assert(
      fc.property(text, (given) => {
        const result = importText(given);
        const checked = importResultSchema.safeParse(result);
        if (!checked.success) throw new Error(JSON.stringify(checked.error.issues[0]));
      }),
      { seed: 1, numRuns: 10_000 },
    );
  });

  it('it ends soon on long ones', () => {
    const long = [
      '-D 1 '.repeat(13_000),
      '"'.repeat(65_000),
      ':'.repeat(65_000),
      '[['.repeat(500_000),
      '('.repeat(60_000),
    ];
    const start = performance.now();
    for (const text of long) expect(importText(`culvert ${text}`).ok).toBe(false);
    expect(importText('['.repeat(1_000_000))).toMatchObject({ error: { reason: 'badJson' } });
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
