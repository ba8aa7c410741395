import { useEffect } from 'react';
import { useStore } from 'zustand';
import { LanguageProvider, useTexts } from './core/language.tsx';
import { hide, isShown, show } from './core/overlays.ts';
import { useRoute } from './core/route.ts';
import { showTheme } from './core/theme.ts';
import { undoNewest } from './core/toasts.ts';
import { store, useApp } from './store.ts';
import { Banner } from './ui/banner.tsx';
import { Overlays } from './ui/overlays.tsx';
import { Sidebar } from './ui/sidebar.tsx';
import { Starting } from './ui/starting.tsx';
import { Toaster } from './ui/toaster.tsx';
import { Connections } from './views/connections.tsx';
import { FirstRun } from './views/first-run.tsx';
import { Home } from './views/home.tsx';
import { Logs } from './views/logs.tsx';
import { Profiles } from './views/profiles.tsx';
import { Rules } from './views/rules.tsx';
import { Server } from './views/server.tsx';
import { Settings } from './views/settings.tsx';

const VIEWS = {
  home: Home,
  profiles: Profiles,
  rules: Rules,
  connections: Connections,
  server: Server,
  logs: Logs,
  settings: Settings,
};

export function App() {
  const language = useStore(store, ({ app }) => app?.settings.language);
  const started = useStore(store, ({ app }) => app !== undefined);
  return <LanguageProvider choice={language}>{started ? <Frame /> : <Starting />}</LanguageProvider>;
}

/** The keys that hold everywhere. Ctrl on Windows and Linux, Cmd on a Mac; both, so that nobody has to know. */
function useKeys(): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
      const typing = event.target instanceof Element && event.target.closest('input, textarea') !== null;
      const key = event.key.toLowerCase();
      if (key === 'k') {
        event.preventDefault();
        if (isShown()) hide();
        else show({ kind: 'palette' });
      } else if (key === 'z' && !event.shiftKey && !typing && undoNewest()) event.preventDefault();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
}

function Frame() {
  const t = useTexts();
  const route = useRoute();
  const theme = useApp((app) => app.settings.theme);
  const first = useApp((app) => app.order.length === 0 && app.tryIt.kind !== 'on');
  useKeys();
  useEffect(() => showTheme(theme), [theme]);
  // A page without any profile has one thing to do; other screens are there all the same.
  const View = first && route.screen === 'home' ? FirstRun : VIEWS[route.screen];
  useEffect(() => {
    document.title = `${t(`screens.${route.screen}`)} · ${t('app.name')}`;
  }, [route.screen, t]);
  return (
    <div className="frame">
      <button type="button" className="skip" onClick={() => document.getElementById('main')?.focus()}>
        {t('frame.skip')}
      </button>
      <Sidebar />
      <div className="stage">
        <Banner />
        <main className="main" id="main" tabIndex={-1}>
          <View key={route.screen} />
        </main>
      </div>
      <Toaster />
      <Overlays />
    </div>
  );
}
