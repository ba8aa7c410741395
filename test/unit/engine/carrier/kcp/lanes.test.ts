import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Lanes } from '../../../../../src-main/engine/carrier/kcp/lanes.ts';
import { URGENT_QUEUE } from '../../../../../src-main/engine/carrier/kcp/limits.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';
import { keepFull, makePair } from '../../../../support/kcp/paced-pair.ts';
import { type LinkOptions, SimLink } from '../../../../support/kcp/sim-link.ts';
import { Seeded } from '../../../../support/seeded.ts';
import { root } from '../../../../support/sources.ts';

/** 20 Mbit/s, a round trip of 100 ms, a queue of 100 ms. */
const PATH: LinkOptions = { rate: 2500, delay: 50, queueMs: 100, loss: 0 };

function scene(path: Partial<LinkOptions>) {
  const clock = new FakeClock();
  const random = new Seeded(3);
  const there = new SimLink({ ...PATH, ...path }, clock, random);
  const back = new SimLink({ ...PATH, ...path }, clock, random);
  /** What came ahead, as text; and how much bulk. */
  const urgent: string[] = [];
  const at: number[] = [];
  const pair = makePair({
    clock,
    random,
    there,
    back,
    options: {
      deliver: (data, ahead) => {
        if (!ahead) return;
        urgent.push(data.toString());
        at.push(clock.now());
      },
    },
  });
  return { clock, there, back, pair, urgent, at };
}

describe('the example in the README', () => {
  it('is what comes out', () => {
    const readme = readFileSync(join(root, 'src-main/engine/README.md'), 'utf8').replace(/\s+/g, '');
    const lanes = new Lanes(Buffer.from('c1c2c3c4', 'hex').readUInt32LE(0), 1141, 1 << 20);
    lanes.write([Buffer.from('hi')], true);
    const out = Buffer.alloc(100);
    const end = lanes.take(out, 0, out.length, 0, 1000, [], true);
    expect(readme).toContain(`urgent${out.toString('hex', 0, end)}`);
  });
});

describe('urgent writes', () => {
  it('go before bulk that waits, and share its datagrams and window', () => {
    const { clock, pair, urgent, at } = scene({});
    keepFull(pair, () => false);
    clock.advance(1500);
    // The queue of bulk that waits here stands for longer than this takes.
    const asked = clock.now();
    pair.near.write([Buffer.from('a key'), Buffer.from('stroke')], true);
    pair.near.flush();
    clock.runUntil(() => urgent.length > 0, 1000);
    expect(urgent).toEqual(['a keystroke']);
    expect(at[0] - asked).toBeLessThan(50 + 15);
  });

  it('come whole, each once, and do not wait for one another', () => {
    const { clock, pair, urgent, there } = scene({ loss: 0.2, duplicate: 0.1, reorder: 0.1 });
    for (let i = 0; i < 300; i++) {
      pair.near.write([Buffer.from(`<${i}>`)], true);
      pair.near.flush();
      clock.advance(3);
    }
    const overtook = urgent.some(
      (text, i) => i > 0 && Number(text.slice(1, -1)) < Number(urgent[i - 1].slice(1, -1)),
    );
    expect(overtook).toBe(true);
    clock.runUntil(() => pair.near.settled, 20_000);
    const numbers = urgent.flatMap((text) => [...text.matchAll(/<(\d+)>/g)].map(([, n]) => Number(n)));
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, i) => i));
    expect(there.stats.lost).toBeGreaterThan(20);
  });

  it('leave a little ahead of a full window, and no more than a little', () => {
    const { clock, pair, there } = scene({ loss: 1 });
    pair.near.windowBytes = 0;
    const sizes: number[] = [];
    for (let i = 0; i < 100; i++) {
      pair.near.write([Buffer.alloc(1000)], true);
      pair.near.flush();
      sizes.push(there.stats.bytes);
      clock.advance(1);
    }
    expect(sizes.at(-1)).toBeGreaterThan(4000);
    expect(sizes.at(-1)).toBeLessThan(24 << 10);
    expect(pair.near.urgentWritable).toBe(false);
  });

  it('are told to wait at a bound, and to go on when there is room', () => {
    const { clock, pair } = scene({});
    let told = 0;
    pair.onNearWritable = () => told++;
    let written = 0;
    while (pair.near.urgentWritable) {
      pair.near.write([Buffer.alloc(1000)], true);
      written += 1000;
    }
    expect(written).toBeLessThan(URGENT_QUEUE + 2000);
    pair.near.flush();
    clock.runUntil(() => told > 0, 2000);
    expect(pair.near.urgentWritable).toBe(true);
  });

  it('longer than a segment are refused', () => {
    const { pair } = scene({});
    expect(() => pair.near.write([Buffer.alloc(pair.near.longestUrgent + 1)], true)).toThrow(RangeError);
    pair.near.write([Buffer.alloc(pair.near.longestUrgent)], true);
  });
});
