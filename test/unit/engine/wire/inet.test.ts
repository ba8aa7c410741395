import { isIPv6, SocketAddress } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ipv6Bytes, ipv6Text, peerText, plainAddress } from '../../../../src-main/engine/wire/inet.ts';

describe('IPv6 addresses', () => {
  it.each([
    ['::', '00000000000000000000000000000000', '::'],
    ['::1', '00000000000000000000000000000001', '::1'],
    ['1::', '00010000000000000000000000000000', '1::'],
    ['2001:DB8::a:0:1', '20010db8000000000000000a00000001', '2001:db8::a:0:1'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008', '1:2:3:4:5:6:7:8'],
    ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201', '::ffff:192.0.2.1'],
    ['64:ff9b::192.0.2.33', '0064ff9b0000000000000000c0000221', '64:ff9b::c000:221'],
    ['fe80::1%eth0', 'fe800000000000000000000000000001', 'fe80::1'],
  ])('%s', (text, hex, printed) => {
    expect(ipv6Bytes(text).toString('hex')).toBe(hex);
    expect(ipv6Text(ipv6Bytes(text))).toBe(printed);
  });

  it('any sixteen bytes print as an address that reads back', () => {
    // Zeros are where the short form begins.
    const byte = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 255 }));
    const bytes = fc.array(byte, { minLength: 16, maxLength: 16 }).map((list) => Buffer.from(list));
    fc.assert(
      fc.property(bytes, (given) => {
        const text = ipv6Text(given);
        expect(isIPv6(text)).toBe(true);
        expect(ipv6Bytes(text)).toEqual(given);
        // The oracle: how Node itself reads it.
        expect(new SocketAddress({ address: text, family: 'ipv6' }).address).toBe(text);
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  it.each([
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['192.0.2.1', '192.0.2.1'],
    ['::1', '::1'],
    ['::ffff:1:2', '::ffff:1:2'],
  ])('%s is plainly %s', (address, plain) => expect(plainAddress(address)).toBe(plain));
});

it.each([
  ['::ffff:127.0.0.1', '127.0.0.1:80'],
  ['192.0.2.1', '192.0.2.1:80'],
  ['2001:db8::1', '[2001:db8::1]:80'],
  [undefined, '?:80'],
])('names the far end at %s as %s', (remoteAddress, text) => {
  expect(peerText({ remoteAddress, remotePort: 80 })).toBe(text);
});
