import { describe, expect, it } from 'vitest';
import { LogRing } from '../../../src-main/host/log-ring.ts';
import { MAX_EXPORT_CHUNK, MAX_LOG_BATCH, MAX_LOG_LINES, MAX_LOG_TEXT } from '../../../src-shared/limits.ts';
import type { LogEvent } from '../../../src-shared/logs.ts';
import type { LogLevel } from '../../../src-shared/settings.ts';

const line = (text: string, level: LogLevel = 'info') => ({
  at: 1,
  level,
  scope: 'client',
  profileId: null,
  code: null,
  text,
});
const reader = (abort = new AbortController()) => ({ abort, signal: abort.signal, busy: () => false });

async function take(
  events: AsyncGenerator<LogEvent>,
  wanted: (seen: LogEvent[]) => boolean,
): Promise<LogEvent[]> {
  const seen: LogEvent[] = [];
  for await (const event of events) {
    seen.push(event);
    if (wanted(seen)) break;
  }
  return seen;
}
const texts = (events: LogEvent[]) =>
  events.flatMap((event) => (event.kind === 'lines' ? event.lines.map(({ text }) => text) : []));

describe('the log ring', () => {
  it('keeps the newest lines, at most so many', () => {
    const ring = new LogRing();
    for (let number = 0; number < MAX_LOG_LINES + 10; number++) ring.add(line(`${number}`));
    expect(ring.length).toBe(MAX_LOG_LINES);
  });

  it('keeps at most so many bytes', () => {
    const ring = new LogRing();
    for (let number = 0; number < 10_000; number++) ring.add(line('x'.repeat(MAX_LOG_TEXT + 1)));
    expect(ring.length).toBeLessThan(4_096);
    expect(ring.length).toBeGreaterThan(3_000);
  });

  it('gives the tail in batches, then what comes', async () => {
    const ring = new LogRing();
    for (let number = 0; number < 5_000; number++) ring.add(line(`${number}`));
    const events = ring.watch('info', 4_500, reader());
    const tail = await take(events, (seen) => seen.some((event) => event.kind === 'lines' && event.live));
    expect(texts(tail)).toEqual(Array.from({ length: 4_500 }, (_, index) => `${500 + index}`));
    for (const event of tail)
      if (event.kind === 'lines') expect(event.lines.length).toBeLessThanOrEqual(MAX_LOG_BATCH);

    const more = ring.watch('warn', 0, reader());
    const news = take(more, (seen) => texts(seen).length > 0);
    // Let it begin: what was said before is the tail.
    await new Promise((resolve) => setImmediate(resolve));
    ring.add(line('not for it'));
    ring.add(line('for it', 'error'));
    expect(texts(await news)).toEqual(['for it']);
  });

  it('counts the tail by the lines that are wanted', async () => {
    const ring = new LogRing();
    for (let number = 0; number < 100; number++)
      ring.add(line(`${number}`, number % 10 === 0 ? 'warn' : 'info'));
    const seen = await take(ring.watch('warn', 3, reader()), (events) => texts(events).length === 3);
    expect(texts(seen)).toEqual(['70', '80', '90']);
  });

  it('tells that it was cleared, and goes on', async () => {
    const ring = new LogRing();
    ring.add(line('old'));
    const events = ring.watch('info', 10, reader());
    await events.next();
    ring.clear();
    ring.add(line('new'));
    const seen = await take(events, (all) => texts(all).length > 0);
    expect(seen[0].kind).toBe('cleared');
    expect(texts(seen)).toEqual(['new']);
  });

  it('gives nothing to a reader that is busy, and ends when it leaves', async () => {
    const ring = new LogRing();
    ring.add(line('x'));
    const abort = new AbortController();
    let looks = 0;
    const busy = () => {
      if (++looks === 3) abort.abort();
      return true;
    };
    for await (const event of ring.watch('info', 1, { signal: abort.signal, busy })) {
      throw new Error(`it gave ${event.kind}`);
    }
    expect(looks).toBe(3);
  });

  it('exports what the filter lets through, redacted, in pieces', async () => {
    const ring = new LogRing();
    for (let number = 0; number < 3_000; number++) ring.add(line(`secret ${'y'.repeat(200)} ${number}`));
    const filter = { level: 'info' as const, profileId: null, text: 'Y 29' };
    const pieces: string[] = [];
    const redact = (given: string) => given.replace('secret', '[removed]');
    for await (const { text } of ring.export(filter, redact)) pieces.push(text);
    const lines = pieces.join('').trim().split('\n');
    expect(lines.every((one) => one.includes('[removed]') && !one.includes('secret'))).toBe(true);
    const matching = Array.from({ length: 3_000 }, (_, index) => `${index}`).filter((one) =>
      one.includes('29'),
    );
    expect(lines.map((one) => one.split(' ').at(-1))).toEqual(matching);

    const all: string[] = [];
    for await (const { text } of ring.export({ ...filter, text: '' }, redact)) all.push(text);
    expect(all.length).toBeGreaterThan(1);
    expect(Math.max(...all.map((text) => text.length))).toBeLessThanOrEqual(MAX_EXPORT_CHUNK);
    expect(all.join('').trim().split('\n')).toHaveLength(3_000);
  });
});
