import { describe, expect, it } from 'vitest';
import {
  CONFIG_VERSION,
  checkConfig,
  EMPTY_CONFIG,
  MIGRATIONS,
  migrate,
} from '../../../src-main/host/stored-config.ts';
import { profileView } from '../shared/samples.ts';

const { origin: _origin, secrets: _secrets, ...profile } = profileView('a');
const config = { ...EMPTY_CONFIG, profiles: [profile, { ...profile, id: 'b' }] };

describe('the stored configuration', () => {
  it('is read as it was written', () => {
    expect(checkConfig(JSON.parse(JSON.stringify(config)))).toEqual({ kind: 'good', value: config });
  });

  it('loses one bad profile, and not the others', () => {
    const broken = {
      ...config,
      profiles: [
        { ...profile, rules: 7 },
        { ...profile, id: 'b' },
      ],
    };
    expect(checkConfig(broken)).toMatchObject({ kind: 'partly', value: { profiles: [{ id: 'b' }] } });
    const twice = { ...config, profiles: [profile, profile] };
    expect(checkConfig(twice)).toMatchObject({ kind: 'partly', value: { profiles: [{ id: 'a' }] } });
  });

  it('takes defaults for a bad setting or server', () => {
    const broken = { ...config, settings: { ...config.settings, theme: 'pink' }, server: {} };
    expect(checkConfig(broken)).toMatchObject({
      kind: 'partly',
      value: { settings: { theme: 'system' }, server: EMPTY_CONFIG.server },
    });
  });

  it.each([
    null,
    1,
    'x',
    [],
    {},
    { version: '1' },
    { version: 0 },
    { version: 1 },
    { version: 1, profiles: {} },
  ])('%j is none', (value) => {
    expect(checkConfig(value)).toEqual({ kind: 'bad' });
  });
});

describe('migrations', () => {
  it('lead from the first version to this one', () => {
    expect(MIGRATIONS).toHaveLength(CONFIG_VERSION - 1);
  });

  it('run in their order from the file’s version on, and leave what they are given as it was', () => {
    const steps = [
      (value: Record<string, unknown>) => ({ ...value, trail: 'one' }),
      (value: Record<string, unknown>) => ({ ...value, trail: `${value.trail} two` }),
    ];
    const old = Object.freeze({ version: 1 });
    expect(migrate(old, steps)).toEqual({ version: 3, trail: 'one two' });
    expect(migrate({ version: 2, trail: 'was' }, steps)).toEqual({ version: 3, trail: 'was two' });
    expect(migrate({ version: 3 }, steps)).toEqual({ version: 3 });
  });

  it('refuse a later version rather than write over it', () => {
    expect(() => checkConfig({ ...config, version: CONFIG_VERSION + 1 })).toThrow(/later version/);
  });
});
