import type { Messages } from './messages.ts';
import { zhCnDesktop } from './zh-cn-desktop.ts';
import { zhFailures } from './zh-cn-failures.ts';
import { zhForms } from './zh-cn-forms.ts';
import { zhPage } from './zh-cn-page.ts';
import { zhScreens } from './zh-cn-screens.ts';
import { zhWords } from './zh-cn-words.ts';

/** Simplified Chinese. Complete by type; a test compares what is filled in. */
export const zhCn: Messages = {
  ...zhWords,
  ...zhFailures,
  ...zhScreens,
  ...zhForms,
  ...zhPage,
  ...zhCnDesktop,
};
