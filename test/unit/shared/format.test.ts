import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatCountdown,
  formatDuration,
  formatRate,
} from '../../../src-shared/format.ts';

const KIB = 1024;
const MIB = KIB * KIB;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [0.4, '0 B'],
    [-0.4, '0 B'],
    [1, '1 B'],
    [1023, '1023 B'],
    [1023.6, '1 KiB'],
    [KIB, '1 KiB'],
    [1536, '1.5 KiB'],
    [1300, '1.27 KiB'],
    [10 * KIB, '10 KiB'],
    [99.96 * KIB, '100 KiB'],
    [1000 * KIB, '1000 KiB'],
    [MIB - 1, '1 MiB'],
    [12 * MIB, '12 MiB'],
    [1_300_000_000, '1.21 GiB'],
    [-1536, '-1.5 KiB'],
    [Number.MAX_SAFE_INTEGER, '8 PiB'],
    [2 ** 70, '1024 EiB'],
  ])('%d is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('shows no figure where there is none', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(formatBytes(value)).toBe('-');
      expect(formatRate(value)).toBe('-');
      expect(formatDuration(value)).toBe('-');
    }
  });

  it('keeps within 1 % of the truth and below 1024 of a unit', () => {
    const units = new Map(['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'].map((name, i) => [name, KIB ** i]));
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => {
        const [figure, unit] = formatBytes(bytes).split(' ');
        expect(Number(figure)).toBeLessThan(KIB);
        const shown = Number(figure) * (units.get(unit) ?? Number.NaN);
        expect(Math.abs(shown - bytes)).toBeLessThanOrEqual(bytes * 0.01);
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});

describe('formatRate', () => {
  it('is bytes per second', () => {
    expect(formatRate(0)).toBe('0 B/s');
    expect(formatRate(1.5 * MIB)).toBe('1.5 MiB/s');
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0 ms'],
    [-0.001, '0 ms'],
    [0.228, '0.23 ms'],
    [12.34, '12.3 ms'],
    [850, '850 ms'],
    [999.4, '999 ms'],
    [999.6, '1 s'],
    [3449, '3.4 s'],
    [9949, '9.9 s'],
    [9960, '10 s'],
    [59_400, '59 s'],
    [59_600, '1 min 00 s'],
    [4 * MINUTE + 5000, '4 min 05 s'],
    [HOUR - 400, '1 h 00 min'],
    [2 * HOUR + 3 * MINUTE, '2 h 03 min'],
    [DAY - 1, '1 d 00 h'],
    [3 * DAY + 4 * HOUR, '3 d 04 h'],
    [-1500, '-1.5 s'],
  ])('%d ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('never shows a full small unit', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 400 * DAY, noNaN: true }), (ms) => {
        expect(formatDuration(ms)).not.toMatch(/\b1000 ms|\b60 (s|min)\b|\b24 h\b/);
      }),
      { seed: 1, numRuns: 5000 },
    );
  });
});

describe('formatDuration in another language', () => {
  it('takes its units', () => {
    const units = { ms: '毫秒', s: '秒', min: '分', h: '小时', d: '天', space: '' };
    expect(formatDuration(4 * MINUTE + 5000, units)).toBe('4分 05秒');
    expect(formatDuration(-0.001, units)).toBe('0毫秒');
    expect(formatCountdown(0, units)).toBe('0秒');
  });
});

describe('formatCountdown', () => {
  it.each([
    [-5, '0 s'],
    [0, '0 s'],
    [1, '1 s'],
    [1000, '1 s'],
    [1001, '2 s'],
    [12_300, '13 s'],
    [59_001, '1 min 00 s'],
  ])('%d ms left is %s', (ms, text) => {
    expect(formatCountdown(ms)).toBe(text);
  });
});

describe('formatCount', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [1_234_567, '1,234,567'],
    [-1234.4, '-1,234'],
    [-0.2, '0'],
    [Number.NaN, '-'],
  ])('%d is %s', (count, text) => {
    expect(formatCount(count)).toBe(text);
  });
});
