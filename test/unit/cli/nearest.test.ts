import { expect, test } from 'vitest';
import { editDistance, nearest } from '../../../src-main/cli/nearest.ts';

test.each([
  ['', '', 0],
  ['abc', '', 3],
  ['kitten', 'sitting', 3],
  ['flaw', 'lawn', 2],
  ['same', 'same', 0],
])('%s to %s', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});

test('the nearest within two edits, if at least half agrees', () => {
  const names = ['verbose', 'version', 'key', 'ca'];
  expect(nearest('verbos', names)).toBe('verbose');
  expect(nearest('versoin', names)).toBe('version');
  expect(nearest('kez', names)).toBe('key');
  expect(nearest('kzz', names)).toBeUndefined();
  expect(nearest('xy', names)).toBeUndefined();
  expect(nearest('transport', names)).toBeUndefined();
  expect(nearest('v'.repeat(100_000), names)).toBeUndefined();
});
