import { expect, it } from 'vitest';
import type { Carrier } from '../../../../src-main/engine/carrier/carrier.ts';
import { Echoes } from '../../../../src-main/engine/session/echoes.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { memoryPipe } from '../../../support/memory-carrier.ts';
import { Seeded } from '../../../support/seeded.ts';

function setUp() {
  const clock = new FakeClock();
  const pings: Array<{ carrier: Carrier; token: number }> = [];
  const echoes = new Echoes(clock, new Seeded(1).source, (carrier, token) => pings.push({ carrier, token }));
  const [one, other] = [memoryPipe({ clock }).client, memoryPipe({ clock }).client];
  const told: Array<number | undefined> = [];
  const ask = (carrier: Carrier, timeoutMs = 100): void =>
    echoes.ask(carrier, timeoutMs, (rttMs) => told.push(rttMs));
  return { clock, echoes, pings, one, other, told, ask };
}

it('tells the round trip, and which carrier was asked', () => {
  const { clock, echoes, pings, one, told, ask } = setUp();
  ask(one);
  clock.advance(30);
  expect(echoes.pong(pings[0].token)).toEqual({ carrier: one, rttMs: 30 });
  expect(told).toEqual([30]);
  expect(echoes.pong(pings[0].token)).toBeUndefined();
  expect(clock.pending).toBe(0);
});

it('without an answer in time, or from another token, has none', () => {
  const { clock, echoes, pings, one, told, ask } = setUp();
  ask(one);
  expect(echoes.pong(pings[0].token ^ 1)).toBeUndefined();
  clock.advance(100);
  expect(told).toEqual([undefined]);
  expect(echoes.pong(pings[0].token)).toBeUndefined();
});

it('a carrier that is gone does not answer; those of others go on', () => {
  const { echoes, pings, one, other, told, ask } = setUp();
  ask(one);
  ask(other);
  echoes.gone(one);
  expect(told).toEqual([undefined]);
  echoes.pong(pings[1].token);
  expect(told).toEqual([undefined, 0]);
  ask(one);
  echoes.gone();
  expect(told).toEqual([undefined, 0, undefined]);
});

it('has a cap', () => {
  const { clock, pings, one, told, ask } = setUp();
  for (let i = 0; i < 40; i++) ask(one, 1000);
  clock.advance(0);
  expect(pings).toHaveLength(32);
  expect(told).toHaveLength(8);
});
