import { describe, expect, it } from 'vitest';
import { defaultDirectory, parseUi } from '../../../src-main/cli/ui-options.ts';

const read = (args: readonly string[]) =>
  parseUi(args, { XDG_CONFIG_HOME: '/config' }, (path) =>
    path.startsWith('/no')
      ? { ok: false, reason: 'there is no such file' }
      : { ok: true, value: `text of ${path}` },
  );
const options = (...args: string[]) => {
  const parsed = read(args);
  if (parsed.kind !== 'ui')
    throw new Error(`it is ${parsed.kind === 'error' ? parsed.error.message : parsed.kind}`);
  return parsed.options;
};

describe('culvert ui', () => {
  it('is for this machine unless told otherwise', () => {
    expect(options()).toMatchObject({
      listen: { host: '127.0.0.1', port: 4180 },
      listenGiven: false,
      open: false,
    });
    expect(options('--listen', '5000').listen).toEqual({ host: '127.0.0.1', port: 5000 });
    expect(options('--listen', '[::1]:0').listen).toEqual({ host: '::1', port: 0 });
    expect(options('--listen', 'localhost:1').listen).toEqual({ host: 'localhost', port: 1 });
  });

  it.each([':5000', '*:5000', '0.0.0.0:5000', '[::]:5000', '192.0.2.1:80', 'nas.example:80'])(
    'refuses %s without TLS or a word that it may',
    (listen) => {
      const parsed = read(['--listen', listen]);
      expect(parsed).toMatchObject({ kind: 'error', error: { code: 'ERR_BAD_OPTION' } });
      expect(options('--listen', listen, '--insecure').listen.port).toBeGreaterThan(0);
      const tls = options('--listen', listen, '--tls-cert', '/c.pem', '--tls-key', '/k.pem').tls;
      expect(tls).toEqual({ cert: 'text of /c.pem', key: 'text of /k.pem' });
    },
  );

  it.each([
    [['--tls-cert', '/c.pem'], /go together/],
    [['--tls-cert', '/no.pem', '--tls-key', '/k.pem'], /no such file/],
    [['--data', ''], /--data/],
    [['--listen', '127.0.0.1'], /port/],
    [['--listen', '127.0.0.1:99999'], /99999/],
    [['--unknown'], /^after "ui": unknown option '--unknown'$/],
    [['word'], /word/],
  ])('%j is wrong', (args, text) => {
    const parsed = read(args);
    expect(parsed.kind === 'error' && parsed.error.message).toMatch(text);
  });

  it('keeps its data where the platform has such things', () => {
    expect(options().directory).toBe('/config/culvert');
    expect(options('--data', '/a/b').directory).toBe('/a/b');
    expect(defaultDirectory({ APPDATA: 'C:\\Data' }, 'win32')).toContain('culvert');
    expect(defaultDirectory({}, 'darwin')).toMatch(/Library/);
    expect(options('--allow-host', 'a', '--allow-host', 'b').names).toEqual(['a', 'b']);
    expect(read(['-h']).kind).toBe('help');
  });
});
