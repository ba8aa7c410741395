import { describe, expect, it } from 'vitest';
import {
  checkForm,
  formOf,
  type ProfileForm,
  portRange,
  withAddress,
} from '../../../../src-renderer/core/profile-form.ts';
import { newDraft } from '../../../../src-shared/profile.ts';

const base = newDraft({ server: { scheme: 'http', host: 'a.example', port: 80, path: '/' } });
const form = (change: Partial<ProfileForm>) => ({ ...formOf(base), ...change });
const errorsOf = (change: Partial<ProfileForm>) => {
  const checked = checkForm(form(change), base);
  return checked.ok ? {} : checked.errors;
};

describe('the form of a profile', () => {
  it('gives back the draft that it was made from', () => {
    const draft = newDraft({
      ...base,
      name: 'a',
      transport: 'ws',
      headers: [{ name: 'X-A', value: 'b' }],
      proxy: { scheme: 'socks5', host: '::1', port: 1080, user: 'me' },
      limits: { writeBufferBytes: 8_192, throttleBytesPerSecond: 5, timeoutSeconds: 0 },
    });
    const checked = checkForm(formOf(draft), draft);
    expect(checked).toEqual({ ok: true, draft });
  });

  it('keeps the key that is stored, sets a typed one, removes it when told', () => {
    const keyOf = (change: Partial<ProfileForm>) => {
      const checked = checkForm(form(change), base);
      return checked.ok && checked.draft.secrets.key;
    };
    expect(keyOf({})).toEqual({ kind: 'keep' });
    expect(keyOf({ key: 'words ' })).toEqual({ kind: 'set', text: 'words' });
    expect(keyOf({ removeKey: true })).toEqual({ kind: 'remove' });
  });

  it.each<[Partial<ProfileForm>, object]>([
    [{ address: '' }, { address: 'required' }],
    [{ address: 'a.example:x' }, { address: 'badPort' }],
    [{ address: 'a b' }, { address: 'badHost' }],
    [{ path: 'no' }, { path: 'badPath' }],
    [{ proxyKind: 'http', proxyAddress: '' }, { proxyAddress: 'required' }],
    [{ headers: [{ id: 0, name: 'Host', value: 'x' }] }, { headers: 'ownHeader' }],
    [{ headers: [{ id: 0, name: 'a b', value: 'x' }] }, { headers: 'badHeader' }],
    [{ sni: 'a b' }, { sni: 'badHost' }],
    [{ ca: 'x' }, { ca: 'badCa' }],
    [{ writeBuffer: '1' }, { writeBuffer: 'outOfRange' }],
    [{ throttle: 'x' }, { throttle: 'outOfRange' }],
    [{ timeout: '100000' }, { timeout: 'outOfRange' }],
    [{ name: 'x'.repeat(81) }, { name: 'tooLong' }],
    [{ name: 'a\u0007b' }, { name: 'badText' }],
    [{ userAgent: '浏览器' }, { userAgent: 'badText' }],
    [{ userAgent: 'x'.repeat(513) }, { userAgent: 'tooLong' }],
    [{ key: 'x'.repeat(1_025) }, { key: 'tooLong' }],
  ])('says what is wrong with %j', (change, errors) => {
    expect(errorsOf(change)).toEqual(errors);
  });

  it('takes a URL apart', () => {
    const { address, secure, path } = withAddress(form({}), 'wss://cdn.example/way');
    expect({ address, secure, path }).toEqual({ address: 'cdn.example:443', secure: true, path: '/way' });
    expect(withAddress(form({}), 'half.exam').address).toBe('half.exam');
  });

  it('takes the default port of the scheme', () => {
    const checked = checkForm(form({ address: 'a.example', secure: true }), base);
    expect(checked.ok && checked.draft.server.port).toBe(443);
  });

  it.each([
    ['a.example:80', '80'],
    ['[::1]:8100', '8100'],
    ['a.example', 'a.example'],
  ])('finds the port in %s', (address, selected) => {
    expect(address.slice(...portRange(address))).toBe(selected);
  });
});
