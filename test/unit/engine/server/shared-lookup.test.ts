import { expect, it } from 'vitest';
import { sharedLookup } from '../../../../src-main/engine/server/shared-lookup.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

function setUp() {
  const clock = new FakeClock();
  const asked: string[] = [];
  const lookup = sharedLookup(async (name) => {
    asked.push(name);
    if (name === 'unknown') throw new Error('no such name');
    return [`192.0.2.${asked.length}`];
  }, clock);
  return { clock, asked, lookup };
}

it('asks once for all within a minute', async () => {
  const { clock, asked, lookup } = setUp();
  expect(await Promise.all([lookup('a'), lookup('a'), lookup('b')])).toEqual([
    ['192.0.2.1'],
    ['192.0.2.1'],
    ['192.0.2.2'],
  ]);
  clock.advance(60_000);
  await lookup('a');
  expect(asked).toEqual(['a', 'b']);
  clock.advance(1);
  expect(await lookup('a')).toEqual(['192.0.2.3']);
});

it('asks again after a failure', async () => {
  const { asked, lookup } = setUp();
  const both = [lookup('unknown'), lookup('unknown')];
  await expect(both[0]).rejects.toThrow('no such name');
  await expect(both[1]).rejects.toThrow('no such name');
  await expect(lookup('unknown')).rejects.toThrow('no such name');
  expect(asked).toEqual(['unknown', 'unknown']);
});

it('remembers 1024 names', async () => {
  const { asked, lookup } = setUp();
  for (let i = 0; i <= 1024; i++) await lookup(`name ${i}`);
  await lookup('name 1');
  expect(asked).toHaveLength(1025);
  await lookup('name 0');
  expect(asked).toHaveLength(1026);
});
