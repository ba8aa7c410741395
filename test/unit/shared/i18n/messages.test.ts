import { describe, expect, it } from 'vitest';
import { formatDuration } from '../../../../src-shared/format.ts';
import { en } from '../../../../src-shared/i18n/messages.ts';
import { zhCn } from '../../../../src-shared/i18n/zh-cn.ts';

/** Every text by its key, `home.title`. */
function flat(texts: object, prefix = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of Object.entries(texts)) {
    if (typeof value === 'string') found.set(prefix + name, value);
    else for (const [key, text] of flat(value, `${prefix}${name}.`)) found.set(key, text);
  }
  return found;
}
const english = flat(en);
const chinese = flat(zhCn);
const filled = (text = '') => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort();
const FREE =
  /^(?:app\.name|transports\.(?:http|ws|kcp)|units\.space|editor\.sections\.tls|settings\.languages\.en|tray\.status|firstRun\.placeholder)$/;

describe('the texts', () => {
  it('have the same keys in both languages, none empty', () => {
    expect([...chinese.keys()]).toEqual([...english.keys()]);
    for (const [key, text] of [...english, ...chinese]) {
      if (key !== 'units.space') expect([key, text.trim()]).toEqual([key, text]);
      expect(text).not.toBe('');
    }
  });

  it('fill in the same in both', () => {
    const different = [...english].filter(
      ([key, text]) => `${filled(text)}` !== `${filled(chinese.get(key))}`,
    );
    expect(different.map(([key]) => key)).toEqual([]);
  });

  it('have both plural forms where they have one', () => {
    for (const key of english.keys()) {
      if (key.endsWith('_one')) expect([...english.keys()]).toContain(key.replace(/_one$/, '_other'));
    }
  });

  it('are Chinese in Chinese', () => {
    const left = [...chinese].filter(([key, text]) => !FREE.test(key) && !/[\u4e00-\u9fff]/.test(text));
    expect(left).toEqual([]);
  });

  it('use full-width punctuation beside Chinese characters', () => {
    // A half-width colon stays in what is typed that way: host:port.
    const mixed = [...chinese].filter(([, text]) =>
      /[\u4e00-\u9fff][,;?!()]|[,;?!()][\u4e00-\u9fff]/.test(text),
    );
    expect(mixed).toEqual([]);
  });

  it('do not run words of different scripts together', () => {
    const tight = [...chinese].filter(([, text]) =>
      /[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]/.test(text),
    );
    expect(tight).toEqual([]);
  });

  it('name the units of durations', () => {
    expect(formatDuration(245_000, en.units)).toBe(formatDuration(245_000));
    expect(formatDuration(245_000, zhCn.units)).toBe('4 分 05 秒');
  });
});
