import type { NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { addressesOf, watchNetwork } from '../../../src-main/cli/network-watch.ts';

type Interfaces = ReturnType<typeof networkInterfaces>;

const one = (address: string, internal = false): NetworkInterfaceInfo => ({
  address,
  netmask: '255.255.255.0',
  family: 'IPv4',
  mac: '00:00:00:00:00:01',
  internal,
  cidr: `${address}/24`,
});

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('sees addresses by which others reach this machine, in any order', () => {
  expect(addressesOf({ lo: [one('127.0.0.1', true)], en0: [one('169.254.3.4')] })).toBe('');
  expect(addressesOf({ a: [one('10.0.0.1')], b: [one('10.0.0.2')] })).toBe(
    addressesOf({ b: [one('10.0.0.2')], a: [one('10.0.0.1')] }),
  );
});

it('tells of a change, once, and whether there is any network', () => {
  let now: Interfaces = { lo: [one('127.0.0.1', true)], wlan0: [one('192.168.1.5')] };
  const told: boolean[] = [];
  const stop = watchNetwork(
    (online) => told.push(online),
    () => now,
    1000,
  );
  vi.advanceTimersByTime(5000);
  expect(told).toEqual([]);
  now = { lo: now.lo };
  vi.advanceTimersByTime(5000);
  expect(told).toEqual([false]);
  now = { lo: now.lo, wlan0: [one('10.7.0.9')] };
  vi.advanceTimersByTime(1000);
  expect(told).toEqual([false, true]);
  stop();
  now = { lo: now.lo };
  vi.advanceTimersByTime(5000);
  expect(told).toHaveLength(2);
});

it('a system that does not list its interfaces has no changes', () => {
  const told: boolean[] = [];
  const stop = watchNetwork(
    (online) => told.push(online),
    () => {
      throw new Error('EPERM');
    },
    1000,
  );
  vi.advanceTimersByTime(3000);
  expect(told).toEqual([]);
  stop();
});
