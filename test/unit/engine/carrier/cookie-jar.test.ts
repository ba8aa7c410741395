import { expect, it } from 'vitest';
import { CookieJar } from '../../../../src-main/engine/carrier/cookie-jar.ts';
import { flightCookie } from '../../../../src-main/engine/carrier/flight-cookie.ts';

const pairs = (...lines: string[]): string[] => {
  const jar = new CookieJar();
  for (const line of lines) jar.learn([line]);
  return [...jar.pairs()];
};

it('keeps names and values, the last value of each', () => {
  expect(pairs('SRV=a; Path=/; HttpOnly', 'x=1', 'SRV=b')).toEqual(['x=1', 'SRV=b']);
});

it('forgets what is to be forgotten', () => {
  expect(pairs('SRV=a', 'SRV=; Max-Age=0')).toEqual([]);
});

it('takes neither an answer to a flight nor what is no cookie', () => {
  expect(pairs(`${flightCookie(Buffer.alloc(100, 7))}; Path=/`, 'nothing', '=x', 'a=b\u0001')).toEqual([]);
});

it('has a cap, and keeps the newest', () => {
  const many = pairs(...Array.from({ length: 40 }, (_, index) => `c${index}=v`));
  expect(many).toHaveLength(16);
  expect(many.at(-1)).toBe('c39=v');
  expect(pairs(...Array.from({ length: 16 }, (_, index) => `c${index}=${'v'.repeat(1000)}`)).length).toBe(4);
});
