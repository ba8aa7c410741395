import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseSocks5Greeting,
  parseSocks5Login,
  parseSocks5Request,
  socks5LoginStatus,
  socks5Method,
  socks5Reply,
  socks5ReplyCode,
} from '../../../../src-main/engine/client/socks5.ts';
import { OPEN_FAILURES, type OpenFailure } from '../../../../src-main/engine/mux/types.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** Parses every proper prefix too: each must ask for more. */
function whole<T extends { kind: string }>(parse: (bytes: Buffer) => T, message: Buffer): T {
  for (let length = 0; length < message.length; length++) {
    expect(parse(message.subarray(0, length))).toEqual({ kind: 'more' });
  }
  return parse(Buffer.concat([message, Buffer.from('rest')]));
}
const rest = Buffer.from('rest');

describe('SOCKS5 messages, RFC 1928 and 1929', () => {
  it('reads a greeting', () => {
    expect(whole(parseSocks5Greeting, hex('05 02 00 02'))).toEqual({
      kind: 'greeting',
      methods: [0, 2],
      rest,
    });
  });

  it('refuses a greeting without methods and another version', () => {
    expect(parseSocks5Greeting(hex('05 00'))).toMatchObject({ kind: 'bad', reply: hex('05 ff') });
    expect(parseSocks5Greeting(hex('06'))).toMatchObject({ kind: 'bad' });
  });

  it('reads a login', () => {
    const login = hex('01 04 75736572 06 73c3a96372 65');
    expect(whole(parseSocks5Login, login)).toEqual({ kind: 'login', user: 'user', password: 'sécre', rest });
    expect(whole(parseSocks5Login, hex('01 00 00'))).toEqual({ kind: 'login', user: '', password: '', rest });
    expect(parseSocks5Login(hex('05'))).toMatchObject({ kind: 'bad', reply: hex('01 01') });
  });

  it.each([
    ['05 01 00 01 c0000201 0050', 'connect', '192.0.2.1', 80],
    ['05 01 00 03 0b 6578616d706c652e636f6d 01bb', 'connect', 'example.com', 443],
    ['05 01 00 03 09 6c6f63616c686f7374 1f90', 'connect', 'localhost', 8080],
    ['05 01 00 03 03 3a3a31 0050', 'connect', '::1', 80],
    ['05 01 00 03 05 5b3a3a315d 0050', 'connect', '::1', 80],
    ['05 01 00 04 20010db8000000000000000000000001 0016', 'connect', '2001:db8::1', 22],
    ['05 02 00 01 c0000201 0050', 'bind', '192.0.2.1', 80],
    ['05 03 00 01 00000000 0000', 'udpAssociate', '0.0.0.0', 0],
  ])('reads the request %s', (bytes, command, host, port) => {
    expect(whole(parseSocks5Request, hex(bytes))).toEqual({
      kind: 'request',
      command,
      target: { host, port },
      rest,
    });
  });

  it.each([
    ['04', 1, 'version'],
    ['05 09', 7, 'command'],
    ['05 01 00 02', 8, 'address type'],
    ['05 01 00 01 c0000201 0000', 1, 'port 0'],
    ['05 01 00 03 00 0050', 4, 'an empty name, which would mean the server itself'],
    ['05 01 00 03 03 612062 0050', 4, 'a space in a name'],
    ['05 01 00 03 03 610062 0050', 4, 'a NUL in a name'],
    ['05 01 00 03 02 ff61 0050', 4, 'a name that is not UTF-8'],
    ['05 01 00 03 03 613a62 0050', 4, 'a colon in a name'],
  ])('refuses %s with reply %i: %s', (bytes, code) => {
    const result = parseSocks5Request(hex(bytes));
    expect(result).toMatchObject({ kind: 'bad', reply: socks5Reply(code as 1) });
  });

  it('prints answers', () => {
    expect(socks5Method(2)).toEqual(hex('05 02'));
    expect(socks5LoginStatus(true)).toEqual(hex('01 00'));
    expect(socks5LoginStatus(false)).toEqual(hex('01 01'));
    expect(socks5Reply(0)).toEqual(hex('05 00 00 01 00000000 0000'));
    expect(socks5Reply(5)).toEqual(hex('05 05 00 01 00000000 0000'));
  });

  it('has a reply code for every failure', () => {
    const failures: OpenFailure[] = [
      'noSession',
      ...(Object.keys(OPEN_FAILURES) as (keyof typeof OPEN_FAILURES)[]),
    ];
    expect(Object.fromEntries(failures.map((failure) => [failure, socks5ReplyCode(failure)]))).toEqual({
      noSession: 1,
      internal: 1,
      refused: 5,
      timeout: 6,
      hostUnreachable: 4,
      networkUnreachable: 3,
      nameNotFound: 4,
      denied: 2,
      limit: 1,
      unsupported: 7,
    });
  });

  it.each([
    ['greeting', parseSocks5Greeting, 257],
    ['login', parseSocks5Login, 513],
    ['request', parseSocks5Request, 262],
  ])('never throws on random bytes and never wants more than a %s can have', (_name, parse, most) => {
    const start = fc.constantFrom([], [5], [1], [5, 1, 0, 3], [5, 1, 0, 4]);
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 600 }), (first, more) => {
        const bytes = Buffer.from([...first, ...more]);
        const result = parse(bytes);
        expect(result.kind === 'more' && bytes.length >= most).toBe(false);
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});
