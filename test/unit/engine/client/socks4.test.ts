import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseSocks4Request,
  socks4Reply,
  socks4ReplyCode,
} from '../../../../src-main/engine/client/socks4.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const rest = Buffer.from('rest');

describe('SOCKS4 and SOCKS4a', () => {
  it.each([
    ['04 01 0050 42660763 46726564 00', '66.102.7.99', 80, 'Fred'],
    ['04 01 0050 42660763 00', '66.102.7.99', 80, ''],
    ['04 01 01bb 00000000 00', '0.0.0.0', 443, ''],
    ['04 01 0050 00000001 46726564 00 6578616d706c652e636f6d 00', 'example.com', 80, 'Fred'],
    ['04 01 0050 000000ff 00 61 00', 'a', 80, ''],
  ])('reads %s at every split', (bytes, host, port, user) => {
    const message = hex(bytes);
    for (let length = 0; length < message.length; length++) {
      expect(parseSocks4Request(message.subarray(0, length))).toEqual({ kind: 'more' });
    }
    expect(parseSocks4Request(Buffer.concat([message, rest]))).toEqual({
      kind: 'request',
      command: 'connect',
      target: { host, port },
      user,
      rest,
    });
  });

  it.each([
    ['05', 'version'],
    ['04 02', 'BIND'],
    ['04 01 0000 7f000001 00', 'port 0'],
    ['04 01 0050 00000001 00 00', 'an empty name'],
    ['04 01 0050 00000001 00 6120 00', 'a space in the name'],
    [`04 01 0050 7f000001 ${'61'.repeat(256)}`, 'a user without end'],
    [`04 01 0050 00000001 00 ${'61'.repeat(256)}`, 'a name without end'],
  ])('refuses %s: %s', (bytes) => {
    expect(parseSocks4Request(hex(bytes))).toMatchObject({ kind: 'bad', reply: hex('00 5b 0000 00000000') });
  });

  it('prints replies', () => {
    expect(socks4Reply(90)).toEqual(hex('00 5a 0000 00000000'));
    expect(socks4ReplyCode('refused')).toBe(91);
  });

  it('never throws on random bytes and never wants more than 520', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.uint8Array({ maxLength: 700 }), (named, more) => {
        const start = named ? hex('04 01 0050 00000001') : hex('04 01');
        const bytes = Buffer.concat([start, Buffer.from(more)]);
        expect(parseSocks4Request(bytes).kind === 'more' && bytes.length > 520).toBe(false);
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});
