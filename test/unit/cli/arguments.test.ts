import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OPTIONS } from '../../../src-main/cli/argument-table.ts';
import { parseArguments } from '../../../src-main/cli/arguments.ts';
import { client, errorOf, noFiles, parse, run, server, words } from './parsing.ts';

const at = (port: number, host: string | undefined = '127.0.0.1') => ({ host, port });
const everywhere = (port: number) => ({ host: undefined, port });
const fixed = (bind: number, host: string, port: number) => ({
  kind: 'static',
  bind: at(bind),
  target: { host, port },
});
const dynamic = (bind: number) => ({ kind: 'dynamic', bind: at(bind), auth: undefined });
const plain = (host: string, port: number) => ({ scheme: undefined, host, port, path: undefined });
const key = { from: '-p', text: 'password' };

describe('the lines of goflyway’s manual and of Culvert’s README', () => {
  test.each([
    [':80 -p password', { listen: everywhere(80), key }],
    [':80', { listen: everywhere(80), key: { from: 'none' } }],
    ['', { listen: everywhere(8100), key: { from: 'none' }, writeBufferBytes: 1048576, verbosity: 0 }],
    [':80 -P http://127.0.0.1:8080', { cover: { kind: 'proxy', url: 'http://127.0.0.1:8080/' } }],
    [':80 -P /var/www/html', { cover: { kind: 'directory', directory: '/var/www/html' } }],
    [
      '-k testkey -w :8100',
      { listen: everywhere(8100), transport: 'ws', key: { from: '-p', text: 'testkey' } },
    ],
    ['-v -v -k testkey -w :8100', { listen: everywhere(8100), verbosity: 2 }],
    [':8100 -K -p k', { listen: everywhere(8100), transport: 'kcp', udp: everywhere(8100) }],
    [':8100 -w -p k', { udp: undefined }],
    [':80 --udp 127.0.0.1:443 -p k', { listen: everywhere(80), udp: { host: '127.0.0.1', port: 443 } }],
    [':80 -K --udp :443 -p k', { udp: everywhere(443) }],
  ])('server: %s', (line, expected) => {
    expect(server(line)).toMatchObject({ role: 'server', ...expected });
    expect(run(line).notes).toEqual([]);
  });

  test.each([
    ['-L 1080::1080 server:80 -p password', { forwards: [fixed(1080, '', 1080)], transport: undefined }],
    [
      '-w -L 1080:server2:1080 server:80 -p password',
      { forwards: [fixed(1080, 'server2', 1080)], transport: 'ws' },
    ],
    ['-D 1080 server:80 -p password', { forwards: [dynamic(1080)], transport: undefined }],
    ['-K -L 1080::1080 server:80 -p password', { forwards: [fixed(1080, '', 1080)], transport: 'kcp' }],
  ])('client: %s', (line, expected) => {
    expect(client(line)).toMatchObject({ role: 'client', server: plain('server', 80), key, ...expected });
    expect(run(line).notes).toEqual([]);
  });

  test('-D as a bare switch, as in "-k testkey -w -L :1080 -D 127.0.0.1:8100"', () => {
    const line = '-k testkey -w -L :1080 -D 127.0.0.1:8100';
    expect(client(line)).toMatchObject({
      server: plain('127.0.0.1', 8100),
      forwards: [dynamic(1080)],
      transport: 'ws',
      key: { from: '-p', text: 'testkey' },
    });
    const { notes } = run(line);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain('-L :1080 -D 127.0.0.1:8100');
    expect(notes[0]).toContain('127.0.0.1:1080');
  });
});

describe('-D as a bare switch', () => {
  test.each([
    ['-k k -D -L :1080 127.0.0.1:8100', '127.0.0.1'],
    ['-L 1080 s.example:8100 -k k -D', 's.example'],
    ['-k k -wD -L 1080 s.example:8100', 's.example'],
    ['-L 1080 -D -- s.example:8100', 's.example'],
    ['-k k -L 1080 -D ws://s.example:8100', 's.example'],
  ])('%s', (line, host) => {
    const parsed = run(line, { env: { CULVERT_KEY: 'k' } });
    expect(parsed.options).toMatchObject({ server: { host, port: 8100 }, forwards: [dynamic(1080)] });
    expect(parsed.notes).toHaveLength(1);
  });

  test.each([
    ['-D 1080 server:80 -p k', [dynamic(1080)]],
    ['-L 1080::1080 -D 1081 server:80 -p k', [fixed(1080, '', 1080), dynamic(1081)]],
    ['-D 1081 -L 1080 server:80 -p k', [fixed(1080, '', 1080), dynamic(1081)]],
    ['-L :1080 -D 127.0.0.1:1081 server:80 -p k', [fixed(1080, '', 1080), dynamic(1081)]],
    ['server:80 -L :1080 -D 127.0.0.1:1081 -p k', [fixed(1080, '', 1080), dynamic(1081)]],
  ])('is not read into %s', (line, forwards) => {
    expect(client(line)).toMatchObject({ server: plain('server', 80), forwards });
    expect(run(line).notes).toEqual([]);
  });

  test('nor where the config file names the server', () => {
    const given = { files: { 'c.json': '{"server": "server:80", "password": "k"}' } };
    expect(client('-c c.json -L :1080 -D 127.0.0.1:1081', given)).toMatchObject({
      server: plain('server', 80),
      forwards: [fixed(1080, '', 1080), dynamic(1081)],
    });
  });

  test.each([
    ['-L 1080::1080 -D 127.0.0.1:8100 -p k', 'ERR_BAD_ADDRESS', 'server address is missing'],
    ['-L 1080 -D 1081 -p k', 'ERR_BAD_ADDRESS', 'server address is missing'],
    ['-L 1080 -D :8100 -p k', 'ERR_BAD_ADDRESS', 'server address is missing'],
    ['-L 1080 -D 0.0.0.0:8100 -p k', 'ERR_BAD_ADDRESS', 'server address is missing'],
    ['-L 1080 -L 1081 -D 127.0.0.1:8100 -p k', 'ERR_BAD_ADDRESS', 'server address is missing'],
    ['-D 127.0.0.1:8100 -p k', 'ERR_BAD_ADDRESS', 'server address is missing'],
    ['-L 1080::80 server:80 -p k -D', 'ERR_BAD_OPTION', '-D needs a value'],
    ['-D', 'ERR_BAD_OPTION', '-D needs a value'],
    ['-L 1080 -D -p k', 'ERR_BAD_ADDRESS', 'server address is missing'],
  ])('is no excuse for %s', (line, code, part) => {
    const error = errorOf(line);
    expect(error.code).toBe(code);
    expect(error.message).toContain(part);
  });
});

describe('how options are written', () => {
  test.each([
    ['-p password -L 1080::1080 server:80'],
    ['server:80 -p password -L 1080::1080'],
    ['-L1080::1080 server:80 -p=password'],
    ['-L=1080::1080 server:80 --key=password'],
    ['--local 1080::1080 --password password server:80'],
    ['--local=1080::1080 -k password -- server:80'],
    ['-L 1080::1080 server:80 -p x -p password'],
    ['-T5k -T 0 -t 3 -t=0 -L 1080::1080 server:80 -p password'],
  ])('%s', (line) => {
    expect(client(line)).toMatchObject({
      server: plain('server', 80),
      forwards: [fixed(1080, '', 1080)],
      key,
    });
  });

  test.each([
    ['-wL 1080::1080 server:80 -p password', 'ws', 0],
    ['-wvvL=1080::1080 server:80 -vp password', 'ws', 3],
    ['-wp password server:80 -L 1080::1080', 'ws', 0],
    ['-vvk password -KL1080::1080 server:80', 'kcp', 2],
    ['-qvL 1080::1080 server:80 -p password', undefined, 1],
    ['-vqL 1080::1080 server:80 -p password', undefined, -1],
  ])('a bundle: %s', (line, transport, verbosity) => {
    expect(client(line)).toMatchObject({ forwards: [fixed(1080, '', 1080)], key, transport, verbosity });
  });

  test('the last of equal options wins, and repeatable ones add up', () => {
    const line =
      '-w --transport http -T 1 -T 2k -U /a -U b -H A:1 -H b=2 -L 1::1 -D 2 -L 3:h:4 s:80 -p a -p b';
    expect(client(line)).toMatchObject({
      transport: 'http',
      throttleBytesPerSecond: 2048,
      path: '/b',
      headers: [
        ['A', '1'],
        ['b', '2'],
      ],
      forwards: [fixed(1, '', 1), fixed(3, 'h', 4), dynamic(2)],
      key: { text: 'b' },
    });
  });

  test.each([
    ['-h', 'help'],
    ['--help', 'help'],
    ['help', 'help'],
    ['-L nonsense -wh', 'help'],
    ['-V', 'version'],
    ['--version', 'version'],
    ['version', 'version'],
    ['keygen', 'keygen'],
    ['-v keygen', 'keygen'],
  ])('%s', (line, kind) => {
    expect(parse(line)).toEqual({ kind });
  });

  test('everything at once', () => {
    const line =
      '-w -W 64k -T 1m -t 90 -U assets -H "Host: cdn.example" --ca ca.pem --proxy-auth "u:p:q" -D *:1080 ' +
      '-L [::1]:1081:[2001:db8::2]:22 wss://server/base -p password -q';
    expect(client(line)).toEqual({
      role: 'client',
      transport: 'ws',
      key,
      writeBufferBytes: 65536,
      throttleBytesPerSecond: 1 << 20,
      timeoutSeconds: 90,
      path: '/assets',
      verbosity: -1,
      configFile: undefined,
      server: { scheme: 'wss', host: 'server', port: 443, path: '/base' },
      forwards: [
        { kind: 'static', bind: at(1081, '::1'), target: { host: '2001:db8::2', port: 22 } },
        { kind: 'dynamic', bind: everywhere(1080), auth: { user: 'u', password: 'p:q' } },
      ],
      headers: [['Host', 'cdn.example']],
      caFile: 'ca.pem',
      proxy: { kind: 'direct' },
      hostHeader: undefined,
      sni: undefined,
      userAgent: undefined,
      pathFile: expect.any(String),
    });
  });

  test('the way to the server', () => {
    const line =
      '--proxy http://u:p%40q@proxy:3128 --host cdn.example:80 --sni front.example --user-agent "A/1 (b)" ' +
      '-D 1 https://server -p k';
    expect(client(line)).toMatchObject({
      proxy: { kind: 'http', host: 'proxy', port: 3128, auth: { user: 'u', password: 'p@q' } },
      hostHeader: 'cdn.example:80',
      sni: 'front.example',
      userAgent: 'A/1 (b)',
    });
    const json =
      '{"server": "s:80", "password": "k", "dynamic": 1, "proxy": "socks5://p", "sni": "a", "userAgent": "b"}';
    expect(client('-c c.json', { files: { 'c.json': json } })).toMatchObject({
      proxy: { kind: 'socks5', host: 'p', port: 1080 },
      sni: 'a',
      userAgent: 'b',
    });
  });

  test('a proxy of the environment counts where --proxy does not, and is said', () => {
    const env = { https_proxy: 'http://a:1', HTTP_PROXY: 'http://b:2' };
    const plain = run('-D 1 server:80 -p k', { env });
    expect(plain.options).toMatchObject({ proxy: { kind: 'http', host: 'b', port: 2 } });
    expect(plain.notes).toEqual([expect.stringContaining('HTTP_PROXY is set: going through the proxy b:2')]);
    expect(client('-D 1 wss://server -p k', { env }).proxy).toMatchObject({ host: 'a' });
    expect(client('--proxy none -D 1 server:80 -p k', { env }).proxy).toEqual({ kind: 'direct' });
    expect(client('--proxy c:3 -D 1 server:80 -p k', { env }).proxy).toMatchObject({ host: 'c' });
    const wrong = errorOf('-D 1 server:80 -p k', { env: { http_proxy: 'ftp://u:secret@x' } });
    expect(wrong).toMatchObject({ code: 'ERR_BAD_OPTION', message: expect.stringContaining('http_proxy') });
    expect(wrong.message + wrong.remedy).not.toContain('secret@x');
  });

  test('the path of the server’s URL counts without -U', () => {
    expect(client('-D 1 http://server/base -p k').path).toBe('/base');
  });
});

describe('the key', () => {
  const contents = { 'k.txt': '\ufeff  from file \r\n', 'c.json': '{"password": "from config"}' };
  test.each([
    ['-c c.json --key-file k.txt -p flag', 'env', { from: '-p', text: 'flag' }],
    ['-c c.json --key-file k.txt', 'env', { from: '--key-file', text: 'from file' }],
    ['-c c.json', 'env', { from: 'env', text: 'env' }],
    ['-c c.json', undefined, { from: 'config', text: 'from config' }],
    ['', undefined, { from: 'none' }],
  ])('%s with %s', (line, variable, expected) => {
    expect(server(line, { env: { CULVERT_KEY: variable }, files: contents }).key).toEqual(expected);
  });

  test.each([
    [['-p', ''], {}, '-p'],
    [['--key', ' '], {}, '--key'],
    [[], { env: { CULVERT_KEY: '' } }, 'CULVERT_KEY'],
    [['--key-file', 'none.txt'], {}, '"none.txt"'],
    [['--key-file', 'e.txt'], { files: { 'e.txt': '\n' } }, 'empty'],
    [['--key-file', 'e.txt'], { files: { 'e.txt': 'a\nb' } }, 'more than one line'],
    [['-D', '1080', 'server:80'], {}, 'the key is missing'],
  ])('%j is an error', (argv, given, part) => {
    const error = errorOf(argv, given);
    expect(error.code).toBe('ERR_BAD_KEY');
    expect(error.message).toContain(part);
  });

  test.each([
    [['-psecret', ':80']],
    [['--keey=secret', ':80']],
    [['-w=1', '--proxy-auth', 'secret', '-D', '1']],
    [['--proxy-auth', 'secret', '-D', '1', 's:80', '-p', 'k']],
    [['-D', '1', 'http://me:secret@server:80', '-p', 'k']],
    [[':80', '-P', 'http://me:secret@server:80', '-p', 'k']],
  ])('%j does not show the secret', (argv) => {
    const error = errorOf(argv);
    expect(`${error.message} ${error.remedy}`).not.toContain('secret@');
    expect(error.message).not.toContain('secret');
  });
});

describe('errors name the part and show a line that works', () => {
  test.each([
    ['--websockt :80', 'ERR_BAD_OPTION', '"--websockt"', '--websocket'],
    ['-key x', 'ERR_BAD_OPTION', '"-key"', 'did you mean --key? for example'],
    ['-verbos', 'ERR_BAD_OPTION', '"-e"', 'did you mean --verbose?'],
    ['-wx', 'ERR_BAD_OPTION', '"-x"', 'culvert --help'],
    ['--zzzzzz', 'ERR_BAD_OPTION', '"--zzzzzz"', 'culvert --help'],
    ['--quiet=yes', 'ERR_BAD_OPTION', '"yes"', 'culvert -q'],
    ['-w=yes', 'ERR_BAD_OPTION', '-w takes no value', 'culvert -w'],
    ['-cfile.json', 'ERR_BAD_OPTION', '"file.json"', 'write -c value'],
    ['-pw x', 'ERR_BAD_OPTION', '-p must be the last', 'write -p value'],
    ['-p', 'ERR_BAD_OPTION', '-p needs a value', '-p=-value'],
    ['-p -w', 'ERR_BAD_OPTION', '-p needs a value', '-p=-value'],
    ['-T -w', 'ERR_BAD_OPTION', '-T needs a value', 'culvert -T 2m'],
    [':80 :81', 'ERR_BAD_OPTION', '":81"', 'culvert'],
    ['keygen :80', 'ERR_BAD_OPTION', '":80"', 'culvert keygen'],
    ['keygn', 'ERR_BAD_ADDRESS', '"keygn"', 'culvert'],
    ['-', 'ERR_BAD_ADDRESS', '"-"', 'culvert'],
    ['server.example', 'ERR_BAD_ADDRESS', '"server.example"', 'culvert :80'],
    [':80000', 'ERR_BAD_ADDRESS', '"80000"', 'culvert'],
    ['wss://server', 'ERR_BAD_ADDRESS', 'needs at least one -L or -D', 'culvert -L'],
    ['-L 1080:host server:80 -p k', 'ERR_BAD_ADDRESS', 'target "host" is missing', 'culvert -L'],
    [
      '-L 1080:host:http server:80 -p k',
      'ERR_BAD_ADDRESS',
      '-L "1080:host:http": in the target "http"',
      'culvert -L',
    ],
    ['--local a:b:c:d:e server:80 -p k', 'ERR_BAD_ADDRESS', '5 parts', 'culvert -L'],
    ['-D 1080:a:80 server:80 -p k', 'ERR_BAD_ADDRESS', '"1080:a:80"', 'culvert -D'],
    ['-D 70000 server:80 -p k', 'ERR_BAD_ADDRESS', '"70000"', 'culvert -D'],
    ['-D 1080 server -p k', 'ERR_BAD_ADDRESS', '"server": the port is missing', 'server:80'],
    ['-D 1080 :80 -p k', 'ERR_BAD_ADDRESS', '":80": the host is missing', 'server:80'],
    ['-D 1080 ftp://server -p k', 'ERR_BAD_ADDRESS', '"ftp://"', 'server:80'],
    ['-D 1080 -L 1080::22 server:80 -p k', 'ERR_BAD_OPTION', '127.0.0.1:1080 already', 'culvert -D'],
    ['-L 53:8.8.8.8:53/sctp server:80 -p k', 'ERR_BAD_ADDRESS', 'neither /udp nor', 'culvert -L'],
    ['-L 53::1/udp -L 53::2/udp server:80 -p k', 'ERR_BAD_OPTION', '127.0.0.1:53/udp already', 'culvert -L'],
    ['-W 4095', 'ERR_BAD_OPTION', '-W "4095"', 'culvert -W'],
    ['-W 2g', 'ERR_BAD_OPTION', '-W "2g"', 'culvert -W'],
    ['-T -5', 'ERR_BAD_OPTION', '-T "-5"', 'culvert -T'],
    ['-t 86401', 'ERR_BAD_OPTION', '-t "86401"', 'culvert -t'],
    ['-t 1.5', 'ERR_BAD_OPTION', '-t "1.5"', 'culvert -t'],
    ['-U /a?b', 'ERR_BAD_OPTION', '-U "/a?b"', 'culvert -U'],
    ['-H nothing -D 1 s:80 -p k', 'ERR_BAD_OPTION', '-H "nothing"', 'culvert -H'],
    ['-H "Upgrade: x" -D 1 s:80 -p k', 'ERR_BAD_OPTION', '"Upgrade"', 'culvert -H'],
    ['-P localhost:8080', 'ERR_BAD_OPTION', '-P "localhost:8080"', 'http://'],
    ['-P ftp://x', 'ERR_BAD_OPTION', '"ftp://"', 'http://'],
    ['--transport tcp', 'ERR_BAD_OPTION', '--transport "tcp"', '--transport auto'],
    ['--proxy ftp://p:1 -D 1 s:80 -p k', 'ERR_BAD_OPTION', '--proxy: the scheme "ftp://"', '--proxy http://'],
    ['--proxy http://u:secret@:1 -D 1 s:80 -p k', 'ERR_BAD_OPTION', 'the host is missing', '--proxy http://'],
    ['--host a/b -D 1 s:80 -p k', 'ERR_BAD_OPTION', '--host "a/b"', '--host cdn'],
    ['--sni 1.2.3.4 -D 1 s:80 -p k', 'ERR_BAD_OPTION', '--sni "1.2.3.4"', '--sni cdn'],
    ['--user-agent " " -D 1 s:80 -p k', 'ERR_BAD_OPTION', '--user-agent', '--user-agent "'],
    ['--proxy-auth :x -D 1 s:80 -p k', 'ERR_BAD_OPTION', 'the user is missing', '--proxy-auth'],
    ['-c none.json', 'ERR_BAD_CONFIG', '"none.json"', '{'],
  ])('%s', (line, code, part, remedy) => {
    const error = errorOf(line);
    expect(error.code).toBe(code);
    expect(error.message).toContain(part);
    expect(error.remedy).toContain(remedy);
  });

  test('remarks tell what has no effect', () => {
    expect(run(':80 -H a:b --ca x -H c:d -p k').notes).toEqual([
      '-H does nothing on a server',
      '--ca does nothing on a server',
    ]);
    expect(run(':80 -U /x -p k').notes).toEqual(['-U does nothing on a server']);
    expect(run('-D 1 s:80 -P /www -p k').notes).toEqual(['-P does nothing on a client']);
    expect(run('-L 1::1 s:80 --proxy-auth a:b -p k').notes[0]).toContain('--proxy-auth');
    const [note] = run('-w -K -D 1 s:80 -p k').notes;
    expect(note).toContain('kcp');
  });

  test('the example of every option is a line that works', () => {
    const config = '{"server": "server:80", "password": "p", "dynamic": 1080}';
    for (const spec of OPTIONS) {
      const [name, ...argv] = words(spec.example);
      expect(name).toBe('culvert');
      const parsed = parse(argv, { files: { 'culvert.json': config, 'culvert.key': 'x' } });
      expect({ example: spec.example, kind: parsed.kind }).not.toMatchObject({ kind: 'error' });
    }
  });

  test('no name is taken twice', () => {
    const names = OPTIONS.flatMap((spec) => [...spec.shorts, spec.long, ...(spec.aliases ?? [])]);
    expect(new Set(names).size).toBe(names.length);
  });
});

test('no command line makes it throw, and every error helps', () => {
  const flags = OPTIONS.flatMap((spec) => [`--${spec.long}`, ...spec.shorts.map((letter) => `-${letter}`)]);
  const pieces = [
    ':80',
    '1080',
    'server:80',
    '1080::80',
    '[::1]:1',
    'a=b',
    'A: b',
    '-',
    '--',
    '=',
    '',
    '64k',
    'ws://x',
  ];
  const word = fc.oneof(
    fc.constantFrom(...flags, ...pieces),
    fc.tuple(fc.constantFrom(...flags), fc.string({ maxLength: 6 })).map(([flag, text]) => `${flag}=${text}`),
    fc.stringMatching(/^-[A-Za-z=]{1,5}$/),
    fc.stringMatching(/^[\d:.[\]a*/]{0,12}$/),
    fc.string({ unit: 'binary', maxLength: 12 }),
  );
  const seen = { error: 0, run: 0 };
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), (argv) => {
      const parsed = parseArguments(argv, { CULVERT_KEY: 'k' }, noFiles);
      if (parsed.kind === 'run') seen.run++;
      if (parsed.kind !== 'error') return;
      seen.error++;
      expect(parsed.error.code).toMatch(/^ERR_BAD_(OPTION|ADDRESS|KEY|CONFIG)$/);
      expect(parsed.error.remedy).toContain('for example: ');
      expect(parsed.error.message).not.toMatch(/\p{Cc}/u);
    }),
    { seed: 1, numRuns: 3000 },
  );
  // Both outcomes must have been tried, or the property says nothing.
  expect(seen.run).toBeGreaterThan(50);
  expect(seen.error).toBeGreaterThan(500);
});
