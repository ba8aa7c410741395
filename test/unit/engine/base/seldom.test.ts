import { expect, it } from 'vitest';
import { Seldom } from '../../../../src-main/engine/base/seldom.ts';

it('lets each thing be said once within ten seconds', () => {
  let now = 0;
  const seldom = new Seldom(() => now);
  expect([seldom.may('a'), seldom.may('a'), seldom.may('b')]).toEqual([true, false, true]);
  now = 9_999;
  expect(seldom.may('a')).toBe(false);
  now = 10_000;
  expect([seldom.may('a'), seldom.may('a')]).toEqual([true, false]);
});
