import { assertNever } from '../schema.ts';
import type { Language } from '../settings.ts';
import { en, type Messages } from './messages.ts';
import { zhCn } from './zh-cn.ts';

/** The texts for where i18next is not: the tray, notifications, the host's own pages. */
export function textsOf(language: Language): Messages {
  switch (language) {
    case 'en':
      return en;
    case 'zh-CN':
      return zhCn;
    default:
      return assertNever(language);
  }
}

/** `{{name}}` filled in, as i18next does it; what is not given stays as it is, so that a test or a person sees it. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  );
}
