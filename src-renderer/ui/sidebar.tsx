import {
  ArrowLeftRight,
  Command,
  House,
  type LucideIcon,
  Route as RouteIcon,
  ScrollText,
  Server,
  Settings,
  Waypoints,
} from 'lucide-react';
import { useTexts } from '../core/language.tsx';
import { show } from '../core/overlays.ts';
import { go, printRoute, SCREENS, type Screen, useRoute } from '../core/route.ts';
import { headline, onProfiles } from '../core/select.ts';
import { useApp, useLink } from '../store.ts';
import { StateWord } from './state-mark.tsx';

const ICONS: Readonly<Record<Screen, LucideIcon>> = {
  home: House,
  profiles: Waypoints,
  rules: RouteIcon,
  connections: ArrowLeftRight,
  server: Server,
  logs: ScrollText,
  settings: Settings,
};

const MAC = /mac/i.test(navigator.platform);
export const PALETTE_KEYS = MAC ? '⌘K' : 'Ctrl K';

export function Sidebar() {
  const t = useTexts();
  const { screen } = useRoute();
  const link = useLink();
  const kind = useApp((app) => headline(app).connection.kind);
  const on = useApp((app) => onProfiles(app).length);
  const server = useApp((app) => app.server.state.kind);
  return (
    <nav className="sidebar" aria-label={t('frame.navigation')}>
      <p className="brand">
        <Logo />
        <span className="brand-name">{t('app.name')}</span>
      </p>
      <ul className="nav">
        {SCREENS.map((name) => {
          const Icon = ICONS[name];
          return (
            <li key={name}>
              <a
                href={printRoute(name)}
                className="nav-item"
                aria-current={name === screen ? 'page' : undefined}
                title={t(`screens.${name}`)}
                onClick={(event) => {
                  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                  event.preventDefault();
                  void go(name);
                }}
              >
                <Icon size={16} aria-hidden="true" />
                <span className="nav-text">{t(`screens.${name}`)}</span>
                {name === 'profiles' && on > 0 && <span className="nav-count">{on}</span>}
                {name === 'server' && server === 'running' && (
                  <span className="nav-count">{t('common.on')}</span>
                )}
              </a>
            </li>
          );
        })}
      </ul>
      <div className="sidebar-foot">
        <button
          type="button"
          className="nav-item"
          title={t('palette.open')}
          aria-keyshortcuts="Control+K Meta+K"
          onClick={() => show({ kind: 'palette' })}
        >
          <Command size={16} aria-hidden="true" />
          <span className="nav-text">{t('palette.open')}</span>
          <kbd>{PALETTE_KEYS}</kbd>
        </button>
        <div className="sidebar-state">
          <StateWord kind={link === 'up' ? kind : 'unknown'} t={t} />
        </div>
      </div>
    </nav>
  );
}

function Logo() {
  return (
    <svg className="logo" width="20" height="20" viewBox="0 0 32 32" aria-hidden="true">
      <path d="M4 22a12 12 0 0 1 24 0" className="logo-line" />
      <path d="M10.5 22a5.5 5.5 0 0 1 11 0" className="logo-line" />
      <path d="M4 27h24" className="logo-water" />
    </svg>
  );
}
