import { describe, expect, it } from 'vitest';
import { median, take } from '../../bench/measures.ts';
import { parseStatTicks, parseStatusMemory } from '../../bench/proc.ts';
import { rotate } from '../../bench/suite.ts';
import { judge, parsePairs } from '../../bench/tb.ts';

const RTT = 'rtt size=64 conns=1 n=200 p50us=228 p99us=410 maxus=900 msg/s=4100 fails=0\n';

describe('output of tb', () => {
  it('is read as pairs', () => {
    expect(parsePairs('down streams=8 MB/s=590.4 secs=2.01 fails=0\n')).toEqual({
      streams: 8,
      'MB/s': 590.4,
      secs: 2.01,
      fails: 0,
    });
    expect(parsePairs(RTT)).toMatchObject({ p50us: 228, p99us: 410, 'msg/s': 4100 });
  });

  it('counts only without a failure and with exit code 0', () => {
    expect(judge(RTT, 0, 'exit code 0')).toMatchObject({ ok: true });
    expect(judge(RTT, 1, 'exit code 1')).toMatchObject({ ok: false });
    expect(judge('up streams=8 MB/s=500.0 secs=2.0 fails=1\n', 1, 'exit code 1')).toMatchObject({
      ok: false,
    });
    expect(judge('rtt none fails=1\n', 1, 'exit code 1')).toMatchObject({ ok: false });
    expect(judge('', undefined, 'ended by SIGSEGV')).toEqual({
      ok: false,
      reason: 'ended by SIGSEGV: no output',
    });
  });

  it('gives figures by metric, and a missing one is a failure', () => {
    const result = judge(RTT, 0, 'exit code 0');
    expect(take(result, { a: 'p50us', b: 'p99us' })).toEqual({ ok: true, figures: { a: 228, b: 410 } });
    expect(take(result, { a: 'conns/s' })).toMatchObject({ ok: false });
    expect(take({ ok: false, reason: 'why' }, { a: 'p50us' })).toEqual({ ok: false, reason: 'why' });
  });
});

describe('median', () => {
  it('does not depend on the order', () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([10, 2, 4, 1])).toBe(3);
    expect(median([7])).toBe(7);
  });
});

describe('rotate', () => {
  it('lets each go first in turn', () => {
    const firsts = [0, 1, 2, 3].map((step) => rotate(['a', 'b', 'c'], step).join(''));
    expect(firsts).toEqual(['abc', 'bca', 'cab', 'abc']);
  });
});

describe('/proc', () => {
  it('is read past a command name with spaces and brackets', () => {
    const stat = '42 (a) b (c)) S 1 42 42 0 -1 4194560 1 2 3 4 123 45 0 0 20 0 11 0 100 1 2';
    expect(parseStatTicks(stat)).toEqual({ user: 123, system: 45 });
    expect(parseStatTicks('nonsense')).toBeUndefined();
  });

  it('gives memory in bytes', () => {
    const status = 'Name:\tnode\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\nThreads:\t11\n';
    expect(parseStatusMemory(status)).toEqual({ rss: 1024 * 1024, peakRss: 2048 * 1024 });
    expect(parseStatusMemory('Name:\tkthreadd\n')).toBeUndefined();
  });
});
