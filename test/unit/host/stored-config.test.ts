import { describe, expect, it } from 'vitest';
import { checkConfig, EMPTY_CONFIG } from '../../../src-main/host/stored-config.ts';
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
    { version: 0.5, profiles: [] },
    { version: -1, profiles: [] },
    { settings: {} },
    { version: 1 },
    { version: 1, profiles: {} },
  ])('%j is none', (value) => {
    expect(checkConfig(value)).toEqual({ kind: 'bad' });
  });
});
