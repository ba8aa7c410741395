import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { EngineSample } from '../../../src-main/host/engine-messages.ts';
import { EngineSampler } from '../../../src-main/host/engine-sampler.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('tells what moves at once, what does not once a second, and looks less often when all is calm', () => {
  const sent: EngineSample[] = [];
  let [up, reads] = [0, 0];
  let isOn = true;
  const read = () => {
    reads++;
    const server = isOn ? { up, down: 0, clients: 0, connections: 0 } : null;
    return { at: Date.now(), profiles: [], server };
  };
  const sampler = new EngineSampler(read, (sample) => sent.push(sample));
  sampler.run(true);
  for (let tick = 0; tick < 10; tick++) {
    up += 100;
    vi.advanceTimersByTime(100);
  }
  expect(sent.map(({ spanMs }) => spanMs)).toEqual(Array.from({ length: 10 }, () => 100));

  sent.length = 0;
  vi.advanceTimersByTime(4_000);
  expect(sent).toHaveLength(4);
  vi.advanceTimersByTime(6_000);
  reads = 0;
  vi.advanceTimersByTime(10_000);
  expect(reads).toBe(20);

  sent.length = 0;
  up += 1;
  vi.advanceTimersByTime(500);
  expect(sent).toMatchObject([{ spanMs: 500, server: { up } }]);
  reads = 0;
  vi.advanceTimersByTime(1_000);
  expect(reads).toBe(10);

  // What is about to go is counted to the end; the last sample is without it; then there are none.
  up += 1;
  sent.length = 0;
  sampler.flush();
  expect(sent).toHaveLength(1);
  isOn = false;
  sampler.run(false);
  sampler.run(false);
  vi.advanceTimersByTime(10_000);
  expect(sent).toHaveLength(2);
  expect(sent[1]).toMatchObject({ profiles: [], server: null });
});
