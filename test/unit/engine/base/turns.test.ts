import { expect, it } from 'vitest';
import { SHORT_TURNS_MS, Turns } from '../../../../src-main/engine/base/turns.ts';

it('turns are short from a message on, for a while', () => {
  let now = 5;
  const turns = new Turns(() => now);
  expect(turns.areShort).toBe(false);
  turns.shorten();
  expect(turns.areShort).toBe(true);
  now += SHORT_TURNS_MS - 1;
  expect(turns.areShort).toBe(true);
  turns.shorten();
  now += SHORT_TURNS_MS - 1;
  expect(turns.areShort).toBe(true);
  now += 1;
  expect(turns.areShort).toBe(false);
  turns.follow(true);
  expect(turns.areShort).toBe(true);
  turns.follow(false);
  expect(turns.areShort).toBe(false);
});
