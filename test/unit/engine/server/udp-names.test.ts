import { expect, it } from 'vitest';
import { type NameResult, UdpNames } from '../../../../src-main/engine/server/udp-names.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

function setUp(maxNames = 100) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const answers: Array<() => void> = [];
  const names = new UdpNames({
    clock,
    maxNames,
    lookup: (name) => {
      asked.push(name);
      return new Promise((resolve, reject) => {
        answers.push(() => {
          if (name.startsWith('un')) reject(Object.assign(new Error(name), { code: 'ENOTFOUND' }));
          else resolve(name.startsWith('empty') ? [] : ['192.0.2.1', '192.0.2.2']);
        });
      });
    },
  });
  const results: NameResult[] = [];
  const find = (name: string): boolean => names.find(name, (result) => results.push(result));
  /** Answers all, and lets what waits for it run. */
  const answer = async (): Promise<void> => {
    for (const each of answers.splice(0)) each();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, asked, names, results, find, answer };
}

it('asks once per name, and believes the answer for a minute', async () => {
  const { clock, asked, names, results, find, answer } = setUp();
  expect([find('a.example'), find('a.example')]).toEqual([true, false]);
  expect(names.get('a.example')).toBeUndefined();
  await answer();
  expect(results).toEqual([{ address: '192.0.2.1' }]);
  clock.advance(60_000);
  expect(names.get('a.example')).toEqual({ address: '192.0.2.1' });
  clock.advance(1);
  expect(names.get('a.example')).toBeUndefined();
  expect(asked).toEqual(['a.example']);
});

it('knows why a name has no address', async () => {
  const { names, results, find, answer } = setUp();
  find('unknown.example');
  find('empty.example');
  await answer();
  find('with space');
  expect(results).toEqual([
    { failure: 'nameNotFound' },
    { failure: 'nameNotFound' },
    { failure: 'nameNotFound' },
  ]);
  expect(names.get('unknown.example')).toEqual({ failure: 'nameNotFound' });
});

it('looks up so many at a time, and keeps so many answers', async () => {
  const { names, results, find, answer } = setUp(5);
  for (let i = 0; i < 17; i++) find(`a${i}.example`);
  expect(results).toEqual([{ failure: 'limit' }]);
  await answer();
  expect(results).toHaveLength(17);
  const kept = Array.from({ length: 17 }, (_, i) => names.get(`a${i}.example`) !== undefined);
  expect(kept.map((is, i) => (is ? i : -1)).filter((i) => i >= 0)).toEqual([11, 12, 13, 14, 15]);
});
