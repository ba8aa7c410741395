import { describe, expect, it } from 'vitest';
import { fill, textsOf } from '../../../../src-shared/i18n/fill.ts';

describe('fill', () => {
  it.each([
    ['a {{b}} c', { b: 1 }, 'a 1 c'],
    ['{{b}}{{b}}{{c}}', { b: '{{c}}', c: '$&' }, '{{c}}{{c}}$&'],
    ['{{toString}} {{b}}', {}, '{{toString}} {{b}}'],
  ])('%s with %j', (text, values, filled) => {
    expect(fill(text, values)).toBe(filled);
  });

  it('serves the texts of each language', () => {
    expect(fill(textsOf('en').notifications.connected, { name: 'Home' })).toBe('Home is connected.');
    expect(fill(textsOf('zh-CN').notifications.connected, { name: 'Home' })).toBe('Home 已连接。');
  });
});
