import { describe, expect, it } from 'vitest';
import type { CulvertError } from '../../../../../src-main/engine/base/errors.ts';
import { DEAD_MS } from '../../../../../src-main/engine/carrier/kcp/paced-link.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';
import { keepFull, makePair, type PacedPair } from '../../../../support/kcp/paced-pair.ts';
import { type LinkOptions, SimLink } from '../../../../support/kcp/sim-link.ts';
import { Seeded } from '../../../../support/seeded.ts';

/** 100 Mbit/s, a round trip of 100 ms, a queue of 100 ms. */
const PATH: LinkOptions = { rate: 12_500, delay: 50, queueMs: 100, loss: 0 };

interface Scene {
  clock: FakeClock;
  there: SimLink;
  back: SimLink;
  pairs: PacedPair[];
  got: number[];
}

/** Senders that always have something, each checked byte for byte as it arrives. */
function scene(flows: number, path: LinkOptions): Scene {
  const clock = new FakeClock();
  const random = new Seeded(5);
  const [there, back] = [new SimLink(path, clock, random), new SimLink(path, clock, random)];
  const got = Array.from({ length: flows }, () => 0);
  const pairs = got.map((_, flow) => {
    const pair = makePair({ clock, random, there, back });
    pair.onFar = (data) => {
      for (const byte of data) {
        if (byte !== got[flow] % 251) throw new Error(`a wrong byte at ${got[flow]}`);
        got[flow]++;
      }
    };
    return pair;
  });
  return { clock, there, back, pairs, got };
}

const mbits = (bytes: number, ms: number): number => (bytes * 8) / 1000 / ms;

describe('the paced mode on a simulated path of 100 Mbit/s and 100 ms', () => {
  it.each([
    { loss: 0.01, least: 85 },
    { loss: 0.05, least: 80 },
    { loss: 0.1, least: 70 },
  ])('fills it at a loss of $loss, with at most 1.25 bytes sent for one', ({ loss, least }) => {
    const { clock, there, pairs, got } = scene(1, { ...PATH, loss });
    keepFull(pairs[0], () => false);
    clock.advance(1500);
    const [bytesBefore, gotBefore] = [there.stats.bytes, got[0]];
    const queues: number[] = [];
    for (let i = 0; i < 300; i++) {
      clock.advance(10);
      queues.push(there.queueMs);
    }
    const goodput = got[0] - gotBefore;
    expect(mbits(goodput, 3000)).toBeGreaterThan(least);
    expect((there.stats.bytes - bytesBefore) / goodput).toBeLessThan(1.25);
    expect(queues.sort((a, b) => a - b)[150]).toBeLessThan(40);
    expect(pairs[0].near.log.spurious).toBe(0);
  });

  it('is shared by two, within 60 to 40, with a queue shorter than 60 ms', () => {
    const { clock, there, pairs, got } = scene(2, { ...PATH, loss: 0.01 });
    for (const pair of pairs) keepFull(pair, () => false);
    clock.advance(1500);
    const before = [...got];
    const queues: number[] = [];
    for (let i = 0; i < 300; i++) {
      clock.advance(10);
      queues.push(there.queueMs);
    }
    const [first, second] = got.map((bytes, flow) => bytes - before[flow]);
    expect(Math.min(first, second) / (first + second)).toBeGreaterThan(0.4);
    expect(mbits(first + second, 3000)).toBeGreaterThan(85);
    expect(queues.sort((a, b) => a - b)[150]).toBeLessThan(60);
  });

  it('answers beside a full direction within the round trip and 60 ms', () => {
    const { clock, pairs } = scene(1, PATH);
    const [pair] = pairs;
    pair.onFar = () => {};
    keepFull(pair, () => false);
    clock.advance(2000);
    // The far end's small messages share the path with the acknowledgements only; the answer waits behind the bulk.
    const times: number[] = [];
    let asked = 0;
    let marks = 0;
    pair.onNear = () => {
      pair.near.write([Buffer.from([0xff])]);
      marks++;
      pair.near.flush();
    };
    pair.onFar = (data) => {
      if (marks > 0 && data.includes(0xff)) {
        marks--;
        times.push(clock.now() - asked);
      }
    };
    for (let i = 0; i < 20; i++) {
      asked = clock.now();
      pair.far.write([Buffer.from('ask')]);
      pair.far.flush();
      clock.advance(250);
    }
    expect(times.length).toBeGreaterThan(15);
    expect(times.sort((a, b) => a - b)[times.length >> 1]).toBeLessThan(160);
  });

  it('survives two seconds in which everything is lost, with every byte', () => {
    const { clock, there, back, pairs, got } = scene(1, { ...PATH, loss: 0.02 });
    keepFull(pairs[0], () => false);
    clock.advance(1500);
    for (const way of [there, back]) way.options = { ...PATH, loss: 1 };
    clock.advance(2000);
    const before = got[0];
    for (const way of [there, back]) way.options = { ...PATH, loss: 0.02 };
    clock.advance(4000);
    expect(mbits(got[0] - before, 4000)).toBeGreaterThan(50);
  });

  it('sends nothing while idle, and takes no timer', () => {
    const { clock, there, back, pairs } = scene(1, PATH);
    pairs[0].near.write([Buffer.from([0])]);
    pairs[0].near.flush();
    clock.advance(5000);
    const sent = there.stats.datagrams + back.stats.datagrams;
    clock.advance(600_000);
    expect(there.stats.datagrams + back.stats.datagrams).toBe(sent);
    expect(clock.pending).toBe(0);
  });
});

describe('a path that loses, doubles and reorders', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('delivers every byte both ways, seed %i', (seed) => {
    const clock = new FakeClock();
    const random = new Seeded(seed);
    const path = { rate: 50_000, delay: 2, queueMs: 50, loss: 0.1, duplicate: 0.05, reorder: 0.05 };
    const [there, back] = [new SimLink(path, clock, random), new SimLink(path, clock, random)];
    const sizes = seed % 2 === 0 ? [1200, 1472] : [1200, 1472, 8192, 32_768, 61_440];
    const pair = makePair({ clock, random, there, back, options: { sizes } });
    const total = 1 << 20;
    let [got, echoed] = [0, 0];
    pair.onFar = (data) => {
      for (const byte of data) if (byte !== got++ % 251) throw new Error(`a wrong byte at ${got}`);
      pair.far.write([data]);
    };
    pair.onNear = (data) => {
      for (const byte of data) if (byte !== echoed++ % 251) throw new Error(`a wrong echo at ${echoed}`);
    };
    keepFull(pair, () => got + pair.near.buffered >= total);
    clock.runUntil(() => pair.near.settled && pair.far.settled && echoed === got, 20_000);
    expect(got).toBeGreaterThanOrEqual(total);
  });
});

describe('a peer that never acknowledges', () => {
  it('costs a bounded memory, and the link ends', () => {
    const clock = new FakeClock();
    const random = new Seeded(1);
    const there = new SimLink({ ...PATH, loss: 1 }, clock, random);
    let dead: CulvertError | undefined;
    const pair = makePair({
      clock,
      random,
      there,
      back: there,
      options: {
        onDead: (reason) => {
          dead = reason;
        },
      },
    });
    keepFull(pair, () => false);
    let most = 0;
    for (let ms = 0; ms < DEAD_MS + 5000 && dead === undefined; ms += 100) {
      clock.advance(100);
      most = Math.max(most, pair.near.buffered);
    }
    expect(dead?.code).toBe('ERR_CARRIER_TIMEOUT');
    expect(most).toBeLessThan(128 << 10);
    expect(there.stats.datagrams).toBeLessThan(100);
  });
});

describe('a verified body that is malformed', () => {
  it('is not acknowledged and harms nothing, whatever is in it', () => {
    const random = new Seeded(3);
    const { clock, pairs, got } = scene(1, PATH);
    const [{ far, near }] = pairs;
    near.write([Buffer.from([0, 1, 2])]);
    near.flush();
    clock.advance(500);
    for (let i = 0; i < 20_000; i++) {
      const body = random.bytes(random.int(0, 120));
      // Half of them with a plausible head.
      if (random.chance(0.5) && body.length > 31) {
        body.writeUInt16BE(random.int(0, 40), 1);
        body.writeUInt32LE(7, 3);
        body[7] = random.int(80, 85);
      }
      far.receive(random.int(0, 100_000), body);
      if (random.chance(0.01)) far.flush();
    }
    expect(far.heldBytes).toBeLessThan(8 << 20);
    expect(got[0]).toBe(3);
  });
});
