import { describe, expect, it } from 'vitest';
import { CulvertError } from '../../../src-main/engine/base/errors.ts';
import {
  DEFAULT_CONFIG,
  type EngineConfig,
  resolveConfig,
  udpIdleMsFor,
} from '../../../src-main/engine/config.ts';

function refusal(given: object): CulvertError {
  try {
    resolveConfig(given);
  } catch (error) {
    if (error instanceof CulvertError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('resolveConfig', () => {
  it('fills in every default, and changes none', () => {
    expect(resolveConfig()).toEqual(DEFAULT_CONFIG);
    const config = resolveConfig({ drainMs: 7 });
    expect(config).toEqual({ ...DEFAULT_CONFIG, drainMs: 7 });
    expect(config).not.toBe(DEFAULT_CONFIG);
  });

  it('an option left undefined is its default', () => {
    expect(resolveConfig({ drainMs: undefined })).toEqual(DEFAULT_CONFIG);
  });

  it.each(Object.keys(DEFAULT_CONFIG) as Array<keyof EngineConfig>)(
    '%s must be a whole number, 0 or more',
    (name) => {
      for (const value of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
        const error = refusal({ [name]: value });
        expect(error.code).toBe('ERR_BAD_OPTION');
        expect(error.message).toContain(name);
        expect(error.remedy).toBeDefined();
      }
      expect(refusal({ [name]: '5' }).code).toBe('ERR_BAD_OPTION');
    },
  );

  it('an unknown option is named', () => {
    expect(refusal({ drainMS: 1 }).message).toContain('"drainMS"');
    expect(refusal({ toString: 1 }).code).toBe('ERR_BAD_OPTION');
  });

  it('a window is 4 KiB to 1 GiB, and streams start with no more than it', () => {
    expect(refusal({ streamWindowBytes: 4095 }).message).toContain('4095');
    expect(refusal({ streamWindowBytes: (1 << 30) + 1 }).remedy).toContain('4096');
    expect(resolveConfig({ streamWindowBytes: 4096 }).initialWindowBytes).toBe(4096);
    expect(resolveConfig({ streamWindowBytes: 1 << 30 }).initialWindowBytes).toBe(
      DEFAULT_CONFIG.initialWindowBytes,
    );
  });

  it('the defaults are within their own limits', () => {
    const config = resolveConfig({ ...DEFAULT_CONFIG });
    expect(config.initialWindowBytes).toBeLessThanOrEqual(config.streamWindowBytes);
    expect(config.backoffMinMs).toBeLessThan(config.backoffMaxMs);
    expect(config.ackBytes).toBeLessThan(config.sendBufferBytes);
  });

  it('UDP to port 53 is forgotten sooner, and never later than the rest', () => {
    const config = { udpIdleMs: 120_000, udpDnsIdleMs: 15_000 };
    expect([53, 54, 0].map((port) => udpIdleMsFor(config, port))).toEqual([15_000, 120_000, 120_000]);
    expect(udpIdleMsFor({ ...config, udpIdleMs: 5000 }, 53)).toBe(5000);
  });
});
