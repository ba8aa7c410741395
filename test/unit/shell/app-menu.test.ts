import type { MenuItemConstructorOptions } from 'electron';
import { describe, expect, it } from 'vitest';
import { AppMenu, appMenu } from '../../../src-main/shell/app-menu.ts';
import type { MenuSlice } from '../../../src-main/shell/electron-api.ts';
import { textsOf } from '../../../src-shared/i18n/fill.ts';

const [en, zh] = [textsOf('en'), textsOf('zh-CN')];
const flat = (items: readonly MenuItemConstructorOptions[]): MenuItemConstructorOptions[] =>
  items.flatMap((item) => (Array.isArray(item.submenu) ? [item, ...flat(item.submenu)] : [item]));

describe('the menu bar', () => {
  it('has the keys that every Mac program has, and a way to quit', () => {
    const roles = flat(appMenu(en)).map(({ role }) => role);
    expect(roles).toEqual(
      expect.arrayContaining(['copy', 'paste', 'cut', 'selectAll', 'close', 'quit', 'hide']),
    );
    // What changes or looks into the page is no business of a person's.
    for (const role of ['reload', 'forceReload', 'toggleDevTools'] as const)
      expect(roles).not.toContain(role);
  });

  it('is wholly in the language of the time', () => {
    const labels = (texts: typeof en) =>
      flat(appMenu(texts))
        .filter(({ type }) => type !== 'separator')
        .map(({ label }) => label ?? '');
    const [english, chinese] = [labels(en), labels(zh)];
    expect(english.filter((label) => label === '')).toEqual([]);
    expect(chinese.length).toBe(english.length);
    // The name is the same in both.
    expect(chinese.slice(1).filter((label) => !/\p{Script=Han}/u.test(label))).toEqual([]);
  });

  it('is put there anew only when the language has changed', () => {
    const built: MenuItemConstructorOptions[][] = [];
    const set: MenuSlice[] = [];
    const menu = new AppMenu(
      (template) => {
        built.push(template);
        return { template } as unknown as MenuSlice;
      },
      (one) => set.push(one),
    );
    menu.take(en);
    menu.take(en);
    menu.take(zh);
    expect(built).toEqual([appMenu(en), appMenu(zh)]);
    expect(set.length).toBe(2);
  });
});
