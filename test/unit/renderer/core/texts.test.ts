import { describe, expect, it } from 'vitest';
import { textsOf } from '../../../../src-renderer/core/texts.ts';
import { zhCn } from '../../../../src-shared/i18n/zh-cn.ts';

describe('texts', () => {
  const t = textsOf('en');
  const zh = textsOf('zh-CN', zhCn);

  it('fills in', () => {
    expect(t('home.overall', { on: 1, all: 4 })).toBe('1 of 4 profiles on');
    expect(t('home.title')).toBe('Home');
  });

  it.each([
    [1, '1 rule'],
    [0, '0 rules'],
    [2, '2 rules'],
  ])('counts %d', (count, text) => {
    expect(t('profiles.rules', { count })).toBe(text);
  });

  it('has one plural form in Chinese', () => {
    expect(zh('profiles.rules', { count: 1 })).toBe(zh('profiles.rules', { count: 2 }).replace('2', '1'));
  });

  it('leaves nothing in braces', () => {
    expect(t('palette.connectTo')).not.toContain('{{');
  });

  it('gives durations in the units of the language', () => {
    expect(t.duration(65_000)).toBe('1 min 05 s');
    expect(zh.duration(65_000)).not.toContain('min');
  });
});
