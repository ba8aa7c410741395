import { describe, expect, it } from 'vitest';
import { CookieJar } from '../../../../../src-main/engine/carrier/cookie-jar.ts';
import { readFlightCookies } from '../../../../../src-main/engine/carrier/flight-cookie.ts';
import { RequestForm } from '../../../../../src-main/engine/carrier/http/request-form.ts';
import { Seeded } from '../../../../support/seeded.ts';

describe('RequestForm', () => {
  it('has the flight where the server looks, whatever cookies the path and the user have', () => {
    const random = new Seeded(1);
    const jar = new CookieJar();
    // As many as a jar keeps, each long enough to be a flight.
    for (let i = 0; i < 40; i++) jar.learn([`c${i}=${random.bytes(90).toString('base64url')}; Path=/`]);
    const form = new RequestForm({
      url: new URL('http://example.org/base?x=1'),
      headers: [
        ['Cookie', Array.from({ length: 20 }, (_, i) => `mine${i}=${i}`).join('; ')],
        ['Content-Length', '7'],
      ],
      userAgent: 'test',
      absolute: false,
      proxyAuthorization: undefined,
      jar,
      random: random.source,
    });
    const flight = random.bytes(100);
    const head = form.head(flight, 5);
    expect(head).toMatch(/^POST \/base\/[\w-]{8,}\?x=1 HTTP\/1\.1\r\nHost: example\.org\r\n/);
    expect(head).toMatch(/\r\nContent-Length: 5\r\n/);
    expect(head).not.toContain('Content-Length: 7');
    const cookies = /\r\nCookie: ([^\r]*)\r\n\r\n$/.exec(head)?.[1];
    expect(cookies).toContain('mine19=19');
    expect(cookies).toContain('c39=');
    expect(readFlightCookies(cookies)).toContainEqual(flight);
  });
});
