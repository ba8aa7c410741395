import { describe, expect, test } from 'vitest';
import { parseArguments } from '../../../src-main/cli/arguments.ts';
import { engineConfig, warnOfWeakKey } from '../../../src-main/cli/engine-options.ts';
import type { CliOptions } from '../../../src-main/cli/options.ts';
import { DEFAULT_CONFIG, generateKey, Logger, resolveConfig } from '../../../src-main/engine/index.ts';

function options(line: string): CliOptions {
  const parsed = parseArguments(line.split(' '), {});
  if (parsed.kind !== 'run') throw new Error(`${line}: ${parsed.kind}`);
  return parsed.options;
}

describe('limits', () => {
  test.each([
    ['', DEFAULT_CONFIG.dialTimeoutMs, 0, DEFAULT_CONFIG.udpIdleMs],
    [' -t 0', DEFAULT_CONFIG.dialTimeoutMs, 0, DEFAULT_CONFIG.udpIdleMs],
    [' -t 7', 7000, 7000, 7000],
  ])('-D 1080 s:80 -p k%s', (extra, dialTimeoutMs, idleTimeoutMs, udpIdleMs) => {
    expect(engineConfig(options(`-D 1080 s:80 -p k${extra}`))).toMatchObject({
      dialTimeoutMs,
      idleTimeoutMs,
      udpIdleMs,
    });
  });

  test('-W and -T', () => {
    const config = engineConfig(options(':80 -W 64k -T 2m'));
    expect(config).toMatchObject({ streamWindowBytes: 65_536, throttleBytesPerSecond: 2 << 20 });
    expect(resolveConfig(config).initialWindowBytes).toBe(65_536);
  });

  test('the smallest and the largest write buffer are the same as the engine allows', () => {
    for (const text of ['4096', '1g'])
      expect(() => resolveConfig(engineConfig(options(`:80 -W ${text}`)))).not.toThrow();
  });
});

test('a weak key is warned of, without the key', () => {
  const said = (text: string): string[] => {
    const lines: string[] = [];
    warnOfWeakKey({ from: '-p', text }, new Logger('', 'info', (entry) => lines.push(entry.text)));
    return lines;
  };
  expect(said('monkey12')).toEqual([expect.stringMatching(/easy to guess .*culvert keygen/)]);
  expect(said('monkey12').join()).not.toContain('monkey12');
  expect(said(generateKey())).toEqual([]);
  expect(said('7Gq!x9Vb#2Lm@pRw')).toEqual([]);
});
