import { describe, expect, it } from 'vitest';
import { flightCookie, readFlightCookies } from '../../../../src-main/engine/carrier/flight-cookie.ts';
import { Seeded } from '../../../support/seeded.ts';

const random = new Seeded(1);

describe('a flight in a cookie', () => {
  it('reads back, at every size a flight has', () => {
    for (let length = 59; length <= 1024; length += 5) {
      const flight = random.bytes(length);
      expect(readFlightCookies(flightCookie(flight))).toEqual([flight]);
    }
  });

  it('looks like any cookie: an ordinary name, which varies, and a value without a special character', () => {
    const names = new Set<string>();
    for (let i = 0; i < 200; i++) {
      const cookie = flightCookie(random.bytes(100));
      expect(cookie).toMatch(/^[a-z_]+=[A-Za-z0-9_-]+$/);
      names.add(cookie.split('=')[0]);
    }
    expect(names.size).toBeGreaterThan(4);
  });

  it('is found among others, in any order; several candidates are all given', () => {
    const [a, b] = [random.bytes(80), random.bytes(90)];
    const header = `theme=dark; ${flightCookie(a)}; lang=en;x=1 ;${flightCookie(b)}`;
    expect(readFlightCookies(header)).toEqual([a, b]);
  });

  it('is not there when there is no cookie', () => {
    expect(readFlightCookies(undefined)).toEqual([]);
    for (const header of ['', '=', ';', ';;;=;', 'a=b', 'a']) expect(readFlightCookies(header)).toEqual([]);
  });

  it('is refused when too short, too long, or spelled otherwise', () => {
    const value = (length: number): string => `sid=${'A'.repeat(length)}`;
    expect(readFlightCookies(value(77))).toEqual([]);
    expect(readFlightCookies(value(78))).toHaveLength(1);
    expect(readFlightCookies(value(1400))).toHaveLength(1);
    expect(readFlightCookies(value(1401))).toEqual([]);
    const good = random.bytes(80).toString('base64url');
    for (const bad of [
      `${good}=`,
      `${good}==`,
      good.replace(/.$/, '+'),
      good.replace(/.$/, '/'),
      `"${good}"`,
      `${good}%3D`,
    ]) {
      expect(readFlightCookies(`sid=${bad}`)).toEqual([]);
    }
  });

  it('has one spelling: spare bits in the last character are refused', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (const [length, spellings] of [
      [80, 16],
      [79, 4],
      [81, 64],
    ] as const) {
      const text = random.bytes(length).toString('base64url');
      const taken = [...alphabet].filter(
        (last) => readFlightCookies(`sid=${text.slice(0, -1)}${last}`).length > 0,
      );
      // 1, 2 or 3 bytes in the last group leave 2, 4 or 6 bits in its last character.
      expect(taken).toHaveLength(spellings);
      const decoded = new Set(
        taken.map((last) => Buffer.from(text.slice(0, -1) + last, 'base64url').toString('hex')),
      );
      expect(decoded.size).toBe(taken.length);
    }
  });

  it('looks at a bounded part of a header', () => {
    const flight = flightCookie(random.bytes(80));
    expect(readFlightCookies(`${'a=b; '.repeat(15)}${flight}`)).toHaveLength(1);
    expect(readFlightCookies(`${'a=b; '.repeat(16)}${flight}`)).toHaveLength(0);
    expect(readFlightCookies(`${flight}; ${'x'.repeat(17_000)}`)).toEqual([]);
  });
});
