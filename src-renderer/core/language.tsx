/** Which language the page speaks: the setting, else the browser's. The one that is not English loads when chosen. */
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import { chooseLanguage, type Language, type Settings } from '../../src-shared/settings.ts';
import { type Texts, textsOf } from './texts.ts';

const english = textsOf('en');
const Context = createContext<Texts>(english);
let current = english;

/** The texts, in a component: it is drawn again when the language changes. */
export const useTexts = (): Texts => useContext(Context);
/** The texts of this moment, for what is not a component. */
export const currentTexts = (): Texts => current;

async function load(language: Language): Promise<Texts> {
  if (language === 'en') return english;
  const { zhCn } = await import('../../src-shared/i18n/zh-cn.ts');
  return textsOf(language, zhCn);
}

/** Before the host has said which language is set, it is the one that was shown here last. */
const REMEMBERED = 'culvert.language';
function remembered(): Settings['language'] {
  const value = localStorage.getItem(REMEMBERED);
  return value === 'en' || value === 'zh-CN' ? value : 'system';
}

export function LanguageProvider(props: { choice: Settings['language'] | undefined; children: ReactNode }) {
  const [texts, setTexts] = useState<Texts | undefined>();
  const language = chooseLanguage(props.choice ?? remembered(), navigator.languages);
  useEffect(() => {
    if (props.choice !== undefined) localStorage.setItem(REMEMBERED, props.choice);
  }, [props.choice]);
  useEffect(() => {
    let wanted = true;
    void load(language).then((loaded) => {
      if (!wanted) return;
      current = loaded;
      document.documentElement.lang = language;
      setTexts(() => loaded);
    });
    return () => {
      wanted = false;
    };
  }, [language]);
  // Nothing is shown in the wrong language first: the other one is a few kilobytes away.
  if (texts === undefined) return null;
  return <Context value={texts}>{props.children}</Context>;
}
