import { describe, expect, it } from 'vitest';
import { localAddresses } from '../../../src-main/host/local-addresses.ts';

const net = (address: string, family: 'IPv4' | 'IPv6' = 'IPv4', internal = false) => ({
  address,
  family,
  internal,
  netmask: '',
  mac: '',
  cidr: null,
  scopeid: 0,
});

describe('addresses to give out', () => {
  it('are those of real networks first, IPv4 before IPv6, and no loopback or link-local ones', () => {
    const interfaces = {
      lo: [net('127.0.0.1', 'IPv4', true)],
      docker0: [net('172.17.0.1')],
      eth0: [net('fe80::1', 'IPv6'), net('2001:db8::7', 'IPv6'), net('192.0.2.7')],
      wlan0: [net('169.254.3.4'), net('198.51.100.9')],
    } as Parameters<typeof localAddresses>[0];
    expect(localAddresses(interfaces).map(({ address }) => address)).toEqual([
      '192.0.2.7',
      '198.51.100.9',
      '2001:db8::7',
      '172.17.0.1',
    ]);
  });
});
