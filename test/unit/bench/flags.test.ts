import { describe, expect, it } from 'vitest';
import { allValues, lastValue, parseCount, parseDuration, parseFlags } from '../../bench/flags.ts';
import { parseBenchOptions } from '../../bench/options.ts';
import { parseStressOptions, STRESS_DEFAULTS } from '../../stress/options.ts';

const badOption = expect.objectContaining({ code: 'ERR_BAD_OPTION' });

function failure(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('parseFlags', () => {
  it('takes --name=value, --name value, switches and words, in any order', () => {
    const parsed = parseFlags(['a', '--x=1', '--x', '2', '--on', 'b', '--list=p,q'], ['x', 'list'], ['on']);
    expect(parsed.positionals).toEqual(['a', 'b']);
    expect(parsed.flags.has('on')).toBe(true);
    expect(lastValue(parsed, 'x')).toBe('2');
    expect(allValues(parsed, 'list')).toEqual(['p', 'q']);
    expect(lastValue(parsed, 'absent')).toBeUndefined();
  });

  it('keeps what follows the first equals sign, dashes and all', () => {
    const parsed = parseFlags(['--args=-T 5 --ca=x'], ['args'], []);
    expect(lastValue(parsed, 'args')).toBe('-T 5 --ca=x');
  });

  it.each([[['--nope']], [['--x']], [['--x=']], [['--on=1']]])('refuses %j', (argv) => {
    expect(failure(() => parseFlags(argv, ['x'], ['on']))).toEqual(badOption);
  });
});

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['2m', 120_000],
    ['1.5m', 90_000],
    ['1h', 3_600_000],
  ])('%s', (text, ms) => {
    expect(parseDuration('duration', text)).toBe(ms);
  });

  it.each(['5', '0s', '-1s', '1d', 's', '', '1 s', '25h', '1e3s'])('refuses "%s" with an example', (text) => {
    const error = failure(() => parseDuration('duration', text));
    expect(error).toEqual(badOption);
    expect(error).toMatchObject({ remedy: expect.stringContaining('--duration=30s') });
  });
});

describe('parseCount', () => {
  it('takes the bounds themselves', () => {
    expect(parseCount('n', '1', 1, 9)).toBe(1);
    expect(parseCount('n', '9', 1, 9)).toBe(9);
  });

  it.each(['0', '10', '1.5', '-1', 'x', '1e1', ' 1'])('refuses "%s"', (text) => {
    expect(failure(() => parseCount('n', text, 1, 9))).toEqual(badOption);
  });
});

describe('parseStressOptions', () => {
  it('has the documented defaults', () => {
    expect(parseStressOptions([])).toEqual(STRESS_DEFAULTS);
    expect(STRESS_DEFAULTS).toMatchObject({ conns: 100, msgs: 10_000, size: 1024, durationMs: 30_000 });
  });

  it('reads the line of the documentation', () => {
    const line = '--conns=200 --msgs=5000 --size=4096 --duration=2m --transport=ws';
    expect(parseStressOptions(line.split(' '))).toEqual({
      ...STRESS_DEFAULTS,
      conns: 200,
      msgs: 5000,
      size: 4096,
      durationMs: 120_000,
    });
  });

  it('splits extra words for the command lines', () => {
    const options = parseStressOptions(['--server-args=-T 1000  -v', '--client-args=-q']);
    expect(options).toMatchObject({ serverArgs: ['-T', '1000', '-v'], clientArgs: ['-q'] });
  });

  it('answers --help with nothing to run', () => {
    expect(parseStressOptions(['--help'])).toBeUndefined();
  });

  it.each(['--conns=0', '--size=7', '--transport=tcp', '--transport=toString', '--msgs=-1', 'ws', '--con=1'])(
    'refuses %s',
    (word) => {
      expect(failure(() => parseStressOptions([word]))).toEqual(badOption);
    },
  );
});

describe('parseBenchOptions', () => {
  it('has the documented defaults', () => {
    expect(parseBenchOptions([], '/node')).toEqual({
      suites: ['ws'],
      runs: 5,
      seconds: 2,
      nodes: ['/node'],
      json: undefined,
      writeReadme: false,
      memory: true,
      ikcp: undefined,
      only: [],
      add: false,
    });
  });

  it('takes several nodes, each once, instead of the default', () => {
    const options = parseBenchOptions(['all', '--node=/a', '--node=/b', '--node=/a'], '/node');
    expect(options?.nodes).toEqual(['/a', '/b']);
  });

  it.each(['quic', '--runs=0', '--seconds=0', '--seconds=x'])('refuses %s', (word) => {
    expect(failure(() => parseBenchOptions([word], '/node'))).toEqual(badOption);
  });
});
