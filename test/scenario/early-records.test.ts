import { describe, expect, it } from 'vitest';
import { echo, KcpWorld, pour } from '../support/kcp/kcp-world.ts';
import type { LinkOptions } from '../support/kcp/sim-link.ts';

/** 100 Mbit/s, a round trip of 100 ms, a queue of 100 ms. */
const PATH: LinkOptions = { rate: 12_500, delay: 50, queueMs: 100, loss: 0 };
const ECHO = 2;
const BULK = 1;

/** Round trips of 64 bytes beside a download, one after the other, ms; and the download's Mbit/s. */
function echoes(loss: number, early: boolean): { times: number[]; mbits: number } {
  const chunk = Buffer.alloc(32 << 10);
  const world = new KcpWorld({
    path: { ...PATH, loss },
    early,
    serve: (stream, port) => (port === ECHO ? echo(stream) : pour(stream, chunk)),
  });
  const { clock } = world;
  let got = 0;
  world.open(BULK, (data) => {
    got += data.length;
  });
  clock.advance(1500);
  const [before, from] = [got, clock.now()];
  const times: number[] = [];
  let asked = 0;
  let missing = 0;
  const ask = (): void => {
    asked = clock.now();
    missing = 64;
    stream.write(Buffer.alloc(64, times.length));
  };
  const stream = world.open(ECHO, (data) => {
    missing -= data.length;
    if (missing > 0) return;
    times.push(clock.now() - asked);
    ask();
  });
  ask();
  clock.runUntil(() => times.length >= 15, 20_000);
  return {
    times: times.slice(1).sort((a, b) => a - b),
    mbits: ((got - before) * 8) / 1000 / (clock.now() - from),
  };
}

describe('an echo beside a download over KCP', () => {
  it.each([0, 0.01, 0.05, 0.1])('%d', (loss) => {
    for (const early of [true, false]) {
      const t0 = performance.now();
      const { times, mbits } = echoes(loss, early);
      console.log(
        loss,
        early,
        mbits.toFixed(1),
        times.map((t) => Math.round(t)).join(' '),
        Math.round(performance.now() - t0),
      );
    }
    expect(1).toBe(1);
  });
});
