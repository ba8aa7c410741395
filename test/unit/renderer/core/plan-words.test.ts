import { expect, it } from 'vitest';
import { planText } from '../../../../src-renderer/core/plan-words.ts';
import { textsOf } from '../../../../src-renderer/core/texts.ts';
import { zhCn } from '../../../../src-shared/i18n/zh-cn.ts';
import { newDraft } from '../../../../src-shared/profile.ts';

const plan = (fields: string[]) => ({ kind: 'differs' as const, id: 'p', name: 'office', fields });

it('says what changes by the names of the editor’s fields', () => {
  expect(planText(textsOf('en'), plan(['server', 'rules', 'key']))).toBe(
    'Changes office: Address, Rules, and Key',
  );
  expect(planText(textsOf('zh-CN', zhCn), plan(['server', 'transport']))).toBe('更改 office：地址和传输方式');
  expect(planText(textsOf('en'), { kind: 'add' })).toBe('New');
  expect(planText(textsOf('en'), { kind: 'same', id: 'p', name: 'office' })).toBe('Already there: office');
});

it('has a name for every field of a draft', () => {
  const fields = Object.keys(newDraft()).filter((name) => name !== 'secrets');
  const words = planText(textsOf('zh-CN', zhCn), plan(fields));
  expect(fields.filter((name) => words.includes(name))).toEqual([]);
});
