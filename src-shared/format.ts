/**
 * Numbers for people: bytes, rates, durations. No locale and no clock, so the same input gives the same text
 * in a log, in the terminal and in the window. Values that are no amount (NaN, infinities) become `-`, which
 * no reader takes for a figure.
 */

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;
const KIBI = 1024;
const NO_VALUE = '-';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * Bytes in binary units, three significant digits at most below a thousand: `0 B`, `1023 B`, `1.5 KiB`, `12 MiB`,
 * `1.21 GiB`, `1000 KiB`.
 *
 * @param bytes a count; fractions of a byte are rounded
 */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return NO_VALUE;
  const sign = bytes <= -0.5 ? '-' : '';
  let value = Math.abs(bytes);
  if (value < KIBI - 0.5) return `${sign}${Math.round(value)} B`;
  let unit = 0;
  // The rounded value decides, or 1048575 bytes would read "1024 KiB".
  while (unit < BYTE_UNITS.length - 1 && Number(significant(value)) >= KIBI) {
    value /= KIBI;
    unit++;
  }
  return `${sign}${significant(value)} ${BYTE_UNITS[unit]}`;
}

/**
 * A rate in the units of `formatBytes`: `1.5 MiB/s`.
 *
 * @param bytesPerSecond bytes per second
 */
export function formatRate(bytesPerSecond: number): string {
  const text = formatBytes(bytesPerSecond);
  return text === NO_VALUE ? text : `${text}/s`;
}

/** What the units of time are called; `space` stands between figure and unit. */
export interface DurationUnits {
  readonly ms: string;
  readonly s: string;
  readonly min: string;
  readonly h: string;
  readonly d: string;
  readonly space: string;
}
const ENGLISH: DurationUnits = { ms: 'ms', s: 's', min: 'min', h: 'h', d: 'd', space: ' ' };

/**
 * A length of time, in the two largest units that matter: `0.23 ms`, `12.3 ms`, `850 ms`, `3.4 s`, `42 s`,
 * `4 min 05 s`, `2 h 03 min`, `3 d 04 h`.
 *
 * @param ms milliseconds; fractions count
 * @param units in another language: `units` of its texts
 */
export function formatDuration(ms: number, units: DurationUnits = ENGLISH): string {
  if (!Number.isFinite(ms)) return NO_VALUE;
  if (ms < 0) {
    const text = formatDuration(-ms, units);
    return text === formatDuration(0, units) ? text : `-${text}`;
  }
  const { space } = units;
  // Each limit is where rounding would carry into the next unit: never "1000 ms", "60 s" or "4 min 60 s".
  if (ms < 999.5) return `${significant(ms)}${space}${units.ms}`;
  if (ms < 9.95 * SECOND) return `${trimZeros((ms / SECOND).toFixed(1))}${space}${units.s}`;
  if (ms < 59.5 * SECOND) return `${Math.round(ms / SECOND)}${space}${units.s}`;
  if (ms < HOUR - SECOND / 2) return pair(Math.round(ms / SECOND), 60, units.min, units.s, space);
  if (ms < DAY - MINUTE / 2) return pair(Math.round(ms / MINUTE), 60, units.h, units.min, space);
  return pair(Math.round(ms / HOUR), 24, units.d, units.h, space);
}

/**
 * Time left, in whole seconds rounded up, so that a countdown ends with `1 s` and shows `0 s` only when it is over.
 *
 * @param ms milliseconds; what is over counts as 0
 */
export function formatCountdown(ms: number, units: DurationUnits = ENGLISH): string {
  const left = Math.max(0, Math.ceil(ms / SECOND));
  return left === 0 ? `0${units.space}${units.s}` : formatDuration(left * SECOND, units);
}

/** A whole number in groups of three: `1,234,567`. */
export function formatCount(count: number): string {
  if (!Number.isFinite(count)) return NO_VALUE;
  const digits = String(Math.abs(Math.round(count))).replace(/\B(?=(?:\d{3})+$)/g, ',');
  return count <= -0.5 ? `-${digits}` : digits;
}

/** `total` counts the small unit, `base` of which make a large one. */
function pair(total: number, base: number, large: string, small: string, space: string): string {
  const rest = String(total % base).padStart(2, '0');
  return `${Math.floor(total / base)}${space}${large} ${rest}${space}${small}`;
}

/** Three significant digits, at most two after the point, no zeros without meaning; `value` is not negative. */
function significant(value: number): string {
  if (value < 9.995) return trimZeros(value.toFixed(2));
  if (value < 99.95) return trimZeros(value.toFixed(1));
  return value.toFixed(0);
}

function trimZeros(text: string): string {
  return text.replace(/\.?0+$/, '');
}
