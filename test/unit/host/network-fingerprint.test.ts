import type { NetworkInterfaceInfo } from 'node:os';
import { expect, it } from 'vitest';
import { networkFingerprint } from '../../../src-main/host/network-fingerprint.ts';

const v4 = (address: string, netmask = '255.255.255.0', internal = false): NetworkInterfaceInfo => ({
  address,
  netmask,
  family: 'IPv4',
  mac: '00:00:00:00:00:01',
  internal,
  cidr: null,
});
const v6 = (address: string): NetworkInterfaceInfo => ({
  address,
  netmask: 'ffff:ffff:ffff:ffff::',
  family: 'IPv6',
  mac: '00:00:00:00:00:01',
  internal: false,
  cidr: null,
  scopeid: 0,
});

it('names the networks, not the machine’s own part of its addresses', () => {
  expect(networkFingerprint({ wlan0: [v4('192.168.1.5')] })).toBe('wlan0 192.168.1.0/255.255.255.0');
  expect(networkFingerprint({ wlan0: [v4('192.168.1.5')] })).toBe(
    networkFingerprint({ wlan0: [v4('192.168.1.77')] }),
  );
  expect(networkFingerprint({ eth0: [v4('10.1.130.9', '255.255.128.0')] })).toBe(
    'eth0 10.1.128.0/255.255.128.0',
  );
  // Temporary addresses (RFC 8981) come and go.
  const one = [v6('2001:db8:1:2:aaaa:bbbb:cccc:dddd'), v6('2001:db8:1:2::1')];
  expect(networkFingerprint({ eth0: one })).toBe('eth0 2001:db8:1:2::/64');
  expect(networkFingerprint({ eth0: [v6('2001:db8::5')] })).toBe('eth0 2001:db8:0:0::/64');
  expect(networkFingerprint({ eth0: [v6('::5')] })).toBe('eth0 0:0:0:0::/64');
});

it('tells networks and interfaces apart, in any order', () => {
  const home = networkFingerprint({ wlan0: [v4('192.168.1.5')] });
  for (const other of [
    { wlan0: [v4('192.168.2.5')] },
    { wlan0: [v4('192.168.1.5', '255.255.0.0')] },
    { eth0: [v4('192.168.1.5')] },
    { wlan0: [v4('192.168.1.5')], tun0: [v4('10.8.0.2')] },
  ])
    expect(networkFingerprint(other)).not.toBe(home);
  expect(networkFingerprint({ a: [v4('10.0.0.1')], b: [v4('10.0.1.2')] })).toBe(
    networkFingerprint({ b: [v4('10.0.1.2')], a: [v4('10.0.0.1')] }),
  );
});

it('leaves out what leads nowhere', () => {
  const lo = [v4('127.0.0.1', '255.0.0.0', true)];
  expect(networkFingerprint({ lo, en0: [v4('169.254.3.4'), v6('fe80::1')] })).toBe('');
  expect(networkFingerprint({})).toBe('');
});
