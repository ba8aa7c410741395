import { describe, expect, it } from 'vitest';
import {
  authPage,
  failurePage,
  portPage,
  statusPage,
} from '../../../../src-main/engine/client/http-pages.ts';
import { OPEN_FAILURES, type OpenFailure } from '../../../../src-main/engine/mux/types.ts';

const split = (page: Buffer): { head: string; body: string; length: number } => {
  const [head, body] = page.toString('utf8').split('\r\n\r\n');
  return { head, body, length: Number(/Content-Length: (\d+)/.exec(head)?.[1]) };
};

describe('the pages of a proxy port', () => {
  it.each(['internal', 'noSession', ...Object.keys(OPEN_FAILURES)] as OpenFailure[])(
    '%s names the target and is framed',
    (failure) => {
      const { head, body, length } = split(
        failurePage({ host: '::1', port: 8 }, failure, 'a\r\nb\u0007 é', 'GET'),
      );
      expect(head).toMatch(/^HTTP\/1\.1 (403|502|503|504) [A-Z]/);
      expect(body).toContain('[::1]:8: ');
      expect(body).toContain('Detail: a  b  é');
      expect(Buffer.byteLength(body)).toBe(length);
    },
  );

  it('have no body for HEAD, but its length', () => {
    const { body, length } = split(statusPage(400, 'no', { method: 'HEAD' }));
    expect([body, length]).toEqual(['', 3]);
  });

  it('ask for Basic', () => {
    expect(split(authPage('GET')).head).toMatch(
      /^HTTP\/1\.1 407 [\s\S]*\r\nProxy-Authenticate: Basic realm="Culvert"/,
    );
  });

  it('show an IPv6 address as it is typed', () => {
    expect(split(portPage({ host: '::1', port: 1080 }, 'GET')).body).toContain('socks5h://[::1]:1080');
  });
});
