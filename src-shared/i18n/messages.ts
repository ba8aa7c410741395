/** Texts of one language. English defines the keys; another language is complete when it compiles. */
import { enDesktop } from './en-desktop.ts';
import { enFailures } from './en-failures.ts';
import { enForms } from './en-forms.ts';
import { enPage } from './en-page.ts';
import { enScreens } from './en-screens.ts';
import { enWords } from './en-words.ts';

/** The same keys with any text: what another language has to give. */
export type Texts<T> = { readonly [K in keyof T]: T[K] extends string ? string : Texts<T[K]> };

/**
 * `{{name}}` is filled in by i18next. Keys that end in `_one` and `_other` are its plural forms, asked for without
 * the ending and with `count`.
 */
export const en = { ...enWords, ...enFailures, ...enScreens, ...enForms, ...enPage, ...enDesktop } as const;
export type Messages = Texts<typeof en>;
