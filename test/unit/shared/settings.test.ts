import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chooseLanguage,
  DEFAULT_SETTINGS,
  parseSettings,
  settingsChangeSchema,
  settingsSchema,
} from '../../../src-shared/settings.ts';

describe('parseSettings', () => {
  it('keeps what is right, names what is wrong, drops what it does not know', () => {
    const given = { theme: 'dark', logLevel: 'loud', startHidden: 1, future: true };
    expect(parseSettings(given)).toEqual({
      settings: { ...DEFAULT_SETTINGS, theme: 'dark' },
      faults: ['startHidden', 'logLevel'],
    });
  });

  it('gives settings whatever it gets', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(settingsSchema.safeParse(parseSettings(value).settings).success).toBe(true);
      }),
      { seed: 1, numRuns: 1000 },
    );
  });
});

describe('a change of settings', () => {
  it.each([
    [{}, true],
    [{ theme: 'dark' }, true],
    [{ theme: 'pink' }, false],
    [{ future: 1 }, false],
  ])('%j: %s', (change, ok) => {
    expect(settingsChangeSchema.safeParse(change).success).toBe(ok);
  });
});

describe('chooseLanguage', () => {
  it.each([
    ['zh-CN', ['en'], 'zh-CN'],
    ['en', ['zh-CN'], 'en'],
    ['system', ['de', 'zh-Hans-SG', 'en'], 'zh-CN'],
    ['system', ['en-GB', 'zh'], 'en'],
    ['system', ['de'], 'en'],
    ['system', [], 'en'],
  ] as const)('%s with %j is %s', (choice, preferred, language) => {
    expect(chooseLanguage(choice, preferred)).toBe(language);
  });
});
