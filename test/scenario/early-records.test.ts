import { describe, expect, it } from 'vitest';
import { echo, KcpWorld, POURED, pour } from '../support/kcp/kcp-world.ts';
import type { LinkOptions } from '../support/kcp/sim-link.ts';
import { pattern } from '../support/seeded.ts';

/** 10 Mbit/s (little, as every datagram is sealed and costs time), a round trip of 100 ms, a queue of 100 ms. */
const PATH: LinkOptions = { rate: 1250, delay: 50, queueMs: 100, loss: 0 };
const ECHO = 2;
const BULK = 1;
const SAMPLES = 21;

interface Seen {
  p50: number;
  /** Of the download, as a share of the path's rate. */
  share: number;
}

/** Throws unless `data` is what `pour` writes from byte `from` on. */
function checkPoured(data: Buffer, from: number): void {
  for (let at = 0; at < data.length; ) {
    const start = (from + at) % POURED.length;
    const length = Math.min(data.length - at, POURED.length - start);
    if (!data.subarray(at, at + length).equals(POURED.subarray(start, start + length)))
      throw new Error(`a wrong byte behind ${from + at}`);
    at += length;
  }
}

/** Round trips of 64 bytes beside a download, one after the other. Throws when a byte is wrong. */
function echoes(loss: number, early: boolean): Seen {
  const world = new KcpWorld({
    path: { ...PATH, loss },
    early,
    serve: (stream, port) => (port === ECHO ? echo(stream) : pour(stream)),
  });
  const { clock } = world;
  let got = 0;
  world.open(BULK, (data) => {
    checkPoured(data, got);
    got += data.length;
  });
  clock.advance(1500);
  const [before, from] = [got, clock.now()];
  const times: number[] = [];
  let asked = 0;
  let answered = 0;
  const ask = (): void => {
    asked = clock.now();
    stream.write(pattern(ECHO, 64 * times.length, 64));
  };
  const stream = world.open(ECHO, (data) => {
    if (!data.equals(pattern(ECHO, answered, data.length))) throw new Error(`a wrong echo at ${answered}`);
    answered += data.length;
    if (answered < 64 * (times.length + 1)) return;
    times.push(clock.now() - asked);
    ask();
  });
  ask();
  clock.runUntil(() => times.length >= SAMPLES, 60_000);
  const share = (got - before) / (clock.now() - from) / PATH.rate;
  return { p50: times.sort((a, b) => a - b)[SAMPLES >> 1], share };
}

describe('an echo beside a download over KCP', () => {
  it.each([
    { loss: 0, least: 0.8 },
    { loss: 0.01, least: 0.8 },
    { loss: 0.05, least: 0.75 },
    { loss: 0.1, least: 0.65 },
  ])('takes the round trip and at most 60 ms at a loss of $loss, by the median', ({ loss, least }) => {
    const { p50, share } = echoes(loss, true);
    expect(p50).toBeLessThan(160);
    expect(share).toBeGreaterThan(least);
  });

  it('takes longer without early records: what was lost before it holds it up', () => {
    const { p50, share } = echoes(0.02, false);
    expect(p50).toBeGreaterThan(180);
    expect(share).toBeGreaterThan(0.8);
  });
});

describe('a session over KCP on which nothing moves', () => {
  it('costs a keepalive in 25 s: the client asks, and is answered', () => {
    const { clock, up, down } = new KcpWorld({ path: PATH, early: true, serve: () => {} });
    // The path's sizes are found and its first round trips measured.
    clock.advance(60_000);
    const before = [up.stats.datagrams, down.stats.datagrams, up.stats.bytes + down.stats.bytes];
    const minutes = 10;
    clock.advance(minutes * 60_000);
    const datagrams = [up.stats.datagrams - before[0], down.stats.datagrams - before[1]];
    const rounds = (minutes * 60) / 25;
    for (const each of datagrams) expect(each).toBeGreaterThan(0.9 * rounds);
    // PING and the acknowledgement of the answer go up, the answer (PONG, acknowledging the PING) comes down.
    expect(datagrams[0]).toBeLessThanOrEqual(2 * rounds + 1);
    expect(datagrams[1]).toBeLessThanOrEqual(rounds + 1);
    expect((up.stats.bytes + down.stats.bytes - before[2]) / (datagrams[0] + datagrams[1])).toBeLessThan(250);
  });
});
