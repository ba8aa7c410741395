import { afterEach, describe, expect, it, vi } from 'vitest';
import { foreignFunctions } from '../../../../src-main/engine/native/foreign.ts';

const LENGTH = { result: 'size_t', parameters: ['str'] };

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

describe('foreign functions', () => {
  it('are those of the C library', async () => {
    const found = await foreignFunctions({ strlen: LENGTH });
    expect(found?.strlen('culvert')).toBe(7);
  });

  it('are all there, or none', async () => {
    expect(await foreignFunctions({ strlen: LENGTH, no_such_function: LENGTH })).toBeUndefined();
    expect(
      await foreignFunctions({ strlen: { result: 'no_such_type', parameters: ['str'] } }),
    ).toBeUndefined();
  });

  it('are not used where they are not wanted', async () => {
    vi.stubEnv('CULVERT_NATIVE', '0');
    expect(await foreignFunctions({ strlen: LENGTH })).toBeUndefined();
  });

  it('are not used in Electron', async () => {
    vi.stubGlobal('process', { ...process, versions: { ...process.versions, electron: '45.0.0' } });
    expect(await foreignFunctions({ strlen: LENGTH })).toBeUndefined();
  });
});
