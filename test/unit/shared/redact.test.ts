import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printDetails, privateOf, redactor } from '../../../src-shared/redact.ts';
import { hostInfo, profileView } from './samples.ts';

const nothing = { secrets: [], hosts: [], users: [] };

describe('redactor', () => {
  const redact = redactor({
    secrets: ['password', 'password-and-more', 'k', 'a.b*c'],
    hosts: ['Server.example', '::1'],
    users: ['me'],
  });
  it.each([
    ['key password-and-more', 'key [secret]'],
    ['key PASSWORD', 'key [secret]'],
    ['kick k, "k"', 'kick [secret], "[secret]"'],
    ['a.b*c axb*c', '[secret] axb*c'],
    ['to server.EXAMPLE:80 by [::1]:80', 'to [host]:80 by [[host]]:80'],
    ['me, some, 我me', '[user], some, 我me'],
    ['http://u:p@a.example', 'http://[user]@a.example'],
    ['Cookie: sid=abc; x=1', 'Cookie: [removed]'],
    ['"proxy-authorization": "Basic x"', '"proxy-authorization": [removed]'],
    ['cv1_AAAA-_ culvert://v1/AAAA', '[key] culvert://[link]'],
    // A letter that becomes two when small must not shift the places.
    ['İİİ password k x', 'İİİ [secret] [secret] x'],
    ['nothing here', 'nothing here'],
  ])('%s', (text, redacted) => {
    expect(redact(text)).toBe(redacted);
  });

  it('leaves no long secret, whatever it is made of and wherever it stands', () => {
    const secret = fc
      .string({ unit: 'grapheme', minLength: 4, maxLength: 20 })
      .filter((text) => text.trim().length > 3);
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 4 }),
        fc.string(),
        fc.string(),
        (secrets, before, after) => {
          // Marks of what was taken out could spell a secret such as "host".
          if (secrets.some((one) => '[secret][host][user][key][removed][link]culvert://'.includes(one)))
            return;
          const text = redactor({ ...nothing, secrets })(
            secrets.map((one) => `${before} ${one} ${after}`).join('\n'),
          );
          for (const one of secrets) expect(text.includes(` ${one} `)).toBe(false);
        },
      ),
      { seed: 1, numRuns: 2000 },
    );
  });
});

describe('printDetails', () => {
  it('has what helps, and no secret', () => {
    const failure = {
      code: 'ERR_PROXY',
      message: 'the proxy http://u:p@proxy said 407',
      remedy: 'check it',
      details: { status: 407 },
    } as const;
    expect(printDetails(failure, hostInfo, redactor(nothing))).toBe(
      'ERR_PROXY: the proxy http://[user]@proxy said 407\nremedy: check it\nstatus: 407\n' +
        'culvert 0.1.0 (headless), linux, node 20\n',
    );
  });
});

it('knows what is private of profiles and of the server', () => {
  const bind = { host: '127.0.0.1', port: 0 };
  const rule = { id: 'r', name: '', enabled: true, bind };
  const profile = profileView('p', {
    proxy: { scheme: 'http', host: 'proxy.example', port: 8080, user: 'me' },
    hostHeader: 'front.example:81',
    sni: 'sni.example',
    headers: [
      { name: 'X-Api-Key', value: 'secret value' },
      { name: 'X-Plain', value: 'plain' },
    ],
    rules: [
      { ...rule, kind: 'static', target: { host: 'db.example', port: 1 } },
      { ...rule, kind: 'static', target: { host: 'localhost', port: 1 } },
      { ...rule, kind: 'dynamic', auth: { user: 'you' } },
    ],
  });
  const text =
    'server.example proxy.example front.example:81 sni.example db.example home.example me you plain';
  const redact = redactor(privateOf([profile], { publicHost: 'home.example' }, ['a key of it']));
  expect(redact(text)).toBe('[host] [host] [host]:81 [host] [host] [host] [user] [user] plain');
  expect(redact('localhost: a key of it, secret value')).toBe('localhost: [secret], [secret]');
});
