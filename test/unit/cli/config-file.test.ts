import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OPTIONS } from '../../../src-main/cli/argument-table.ts';
import { readConfigFile } from '../../../src-main/cli/config-file.ts';
import { client, errorOf, files, run, server } from './parsing.ts';

const withConfig = (text: string) => ({ files: { 'c.json': text } });
const json = (value: unknown) => withConfig(JSON.stringify(value));

describe('what is read', () => {
  test('goflyway’s and shadowsocks’ shape, as a client', () => {
    const given = json({
      server: '192.0.2.7',
      server_port: 8388,
      local_port: 1080,
      password: 'k',
      timeout: 300,
    });
    expect(client('-c c.json', given)).toMatchObject({
      server: { scheme: undefined, host: '192.0.2.7', port: 8388 },
      forwards: [{ kind: 'dynamic', bind: { host: '127.0.0.1', port: 1080 } }],
      key: { from: 'config', text: 'k' },
      timeoutSeconds: 300,
      configFile: 'c.json',
    });
    const small = json({ server: '2001:db8::1', server_port: 80, password: 'k' });
    expect(client('-c c.json -D 1080', small).server).toMatchObject({ host: '2001:db8::1', port: 80 });
  });

  test('the same shape, as a server', () => {
    expect(server('-c c.json', json({ server: '0.0.0.0', server_port: 80, password: 'k' }))).toMatchObject({
      listen: { host: '0.0.0.0', port: 80 },
      key: { text: 'k' },
    });
    expect(server('-c c.json', json({ server_port: 80 })).listen).toEqual({ host: undefined, port: 80 });
    expect(server('-c c.json', json({ listen: ':81' })).listen).toEqual({ host: undefined, port: 81 });
    expect(server('-c c.json', json({ listen: 81 })).listen).toEqual({ host: undefined, port: 81 });
  });

  test('every option, in each spelling', () => {
    const given = json({
      server: 'wss://server/base',
      local: ['1::1', '*:2:h:3'],
      dynamic: 1080,
      proxyAuth: 'u:p',
      'key-file': 'sub/k.txt',
      websocket: true,
      kcp: false,
      write_buffer: '64k',
      throttle: 1000,
      timeout: '30s',
      path: 'p',
      headers: { Host: 'cdn.example', 'X-A': 'b' },
      ca: 'ca.pem',
      verbose: 2,
      quiet: false,
    });
    const keyPath = resolve('sub/k.txt');
    const options = client('-c c.json', { files: { ...given.files, [keyPath]: 'k' } });
    expect(options).toMatchObject({
      server: { scheme: 'wss', host: 'server', port: 443 },
      forwards: [
        { kind: 'static', target: { host: '', port: 1 } },
        { kind: 'static', bind: { host: undefined, port: 2 }, target: { host: 'h', port: 3 } },
        { kind: 'dynamic', auth: { user: 'u', password: 'p' } },
      ],
      key: { from: 'config', text: 'k' },
      transport: 'ws',
      writeBufferBytes: 65536,
      throttleBytesPerSecond: 1000,
      timeoutSeconds: 30,
      path: '/p',
      headers: [
        ['Host', 'cdn.example'],
        ['X-A', 'b'],
      ],
      caFile: resolve('ca.pem'),
      verbosity: 2,
    });
  });

  test('a byte order mark, and files relative to the config file', () => {
    const path = resolve('etc/culvert.json');
    const text = '\ufeff{"cover": "www", "listen": ":80"}';
    expect(server(['-c', path], { files: { [path]: text } }).cover).toEqual({
      kind: 'directory',
      directory: resolve('etc/www'),
    });
    const proxied = json({ cover: 'http://127.0.0.1:8080' });
    expect(server('-c c.json', proxied).cover).toEqual({ kind: 'proxy', url: 'http://127.0.0.1:8080/' });
  });

  test('the command line replaces the options it has, and leaves the others', () => {
    const given = json({
      server: 'a:1',
      password: 'k',
      local: ['1::1', '2::2'],
      dynamic: 3,
      kcp: true,
      verbose: true,
    });
    expect(client('-c c.json -w -L 9::9 b:2 -q -p x', given)).toMatchObject({
      server: { host: 'b', port: 2 },
      forwards: [
        { kind: 'static', bind: { port: 9 } },
        { kind: 'dynamic', bind: { port: 3 } },
      ],
      transport: 'ws',
      verbosity: -1,
      key: { from: '-p', text: 'x' },
    });
  });

  test('a file for both sides draws no remarks', () => {
    const given = json({ server: ':80', password: 'k', headers: { A: 'b' }, cover: '/www' });
    expect(run('-c c.json', given).notes).toEqual([]);
  });
});

describe('what is wrong', () => {
  test.each([
    ['{\n  "server": "a:80",\n  "password": "k",\n}', 'line 4, column 1'],
    ['{\n  "server": \'a\'\n}', 'line 2, column 13'],
    ['{"a"', 'line 1, column 5'],
    ['', 'line 1, column 1'],
    ['// x\n{}', 'line 1, column 1'],
    ['{"cover": "C:\\www"}', 'line 1, column 14'],
    ['[]', 'line 1'],
    ['"x"', 'line 1'],
  ])('syntax: %j', (text, where) => {
    const error = errorOf('-c c.json', withConfig(text));
    expect(error.code).toBe('ERR_BAD_CONFIG');
    expect(error.message).toContain('"c.json"');
    expect(error.message).toContain(where);
  });

  test.each([
    [{ pasword: 'k' }, '"pasword" (c.json line 2)', '"password"'],
    [{ keyFlie: 'k' }, '"keyFlie"', '"keyFile"'],
    [{ serverPrt: 80 }, '"serverPrt"', '"server_port"'],
    [{ method: 'aes' }, '"method"', '{'],
    [{ config: 'x' }, '"config"', '{'],
    [{ help: true }, '"help"', '{'],
    [{ constructor: 1 }, '"constructor"', '{'],
    [{ websocket: 'yes' }, 'true or false', '{'],
    [{ verbose: 7 }, '0, 1, 2 or 3', '{'],
    [{ password: 123 }, 'text in double quotes', '{'],
    [{ password: null }, 'text in double quotes', '{'],
    [{ path: ['a', 'b'] }, 'one value', '{'],
    [{ path: null }, 'text or a number', '{'],
    [{ local: [{}] }, 'list of texts', '{'],
    [{ headers: { a: 1 } }, 'texts as values', '{'],
    [{ local: Array(1025).fill('1') }, '1025 values', '{'],
    [{ server: {} }, 'text or a port', '{'],
    [{ server: 'a:1', listen: ':2' }, 'exclude each other', '{'],
    [{ listen: ':2', server_port: 2 }, '"server_port"', '{'],
    [{ local_address: '::1' }, '"local_port"', '{'],
    [{ server: 'a:1', server_port: 2, dynamic: 3, password: 'k' }, 'too many colons', 'culvert'],
    [{ server: 'a:1', dynamic: 'x', password: 'k' }, '"dynamic" (c.json line 3) "x"', 'culvert -D'],
    [{ writeBuffer: 1 }, '"writeBuffer" (c.json line 2) "1"', 'culvert -W'],
    [{ keyFile: 'none.txt' }, 'none.txt', 'culvert'],
    [{ password: '' }, 'the key is empty', 'culvert'],
  ])('%j', (value, part, remedy) => {
    const error = errorOf('-c c.json', withConfig(JSON.stringify(value, null, 2)));
    expect(error.code).toBe('keyFile' in value ? 'ERR_BAD_KEY' : 'ERR_BAD_CONFIG');
    expect(error.message).toContain(part);
    expect(error.remedy).toContain(remedy);
  });

  test('a file that cannot be read', () => {
    const result = readConfigFile('x.json', files({}));
    expect(result).toMatchObject({ ok: false, error: { code: 'ERR_BAD_CONFIG' } });
  });
});

test('every option but those of the command line alone is a property', () => {
  for (const spec of OPTIONS) {
    const value = spec.value === undefined ? true : 'x';
    const result = readConfigFile('c.json', files({ 'c.json': JSON.stringify({ [spec.long]: value }) }));
    expect({ option: spec.long, ok: result.ok }).toEqual({ option: spec.long, ok: !spec.commandLineOnly });
  }
});
