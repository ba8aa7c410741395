import { describe, expect, it } from 'vitest';
import { checkBasic, checkLogin } from '../../../../src-main/engine/client/proxy-auth.ts';

const auth = { user: 'Aladdin', password: 'open:sesame é' };
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('proxy logins', () => {
  it('must be right in both parts', () => {
    expect(checkLogin(auth, 'Aladdin', 'open:sesame é')).toBe(true);
    expect(checkLogin(auth, 'aladdin', 'open:sesame é')).toBe(false);
    expect(checkLogin(auth, 'Aladdin', 'open:sesame e')).toBe(false);
    expect(checkLogin(auth, 'Aladdin', '')).toBe(false);
  });

  it('come as Basic, RFC 7617', () => {
    expect(
      checkBasic({ user: 'Aladdin', password: 'open sesame' }, 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='),
    ).toBe(true);
    expect(checkBasic(auth, basic('Aladdin:open:sesame é'))).toBe(true);
    expect(checkBasic(auth, basic('Aladdin:open:sesame é').replace('Basic', 'BASIC'))).toBe(true);
    for (const wrong of [
      undefined,
      '',
      'Basic',
      'Basic !',
      basic('Aladdin'),
      basic('Aladdin:'),
      'Bearer x',
    ]) {
      expect(checkBasic(auth, wrong)).toBe(false);
    }
  });
});
