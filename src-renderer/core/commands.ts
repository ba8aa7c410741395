/** What the palette offers, made from the state. */
import {
  ArrowRight,
  Copy,
  FlaskConical,
  Import,
  type LucideIcon,
  Moon,
  Pencil,
  Plus,
  Power,
  RotateCw,
  Server,
  Sun,
  SunMoon,
  Waypoints,
} from 'lucide-react';
import { type ProfileView, profileTitle, TRANSPORTS } from '../../src-shared/profile.ts';
import type { AppState } from '../../src-shared/state.ts';
import { connect, copyText, disconnect, retryNow } from './actions.ts';
import { show } from './overlays.ts';
import { go, SCREENS } from './route.ts';
import { firstLocalAddress, isOn, listProfiles } from './select.ts';
import type { Texts } from './texts.ts';
import { done } from './toasts.ts';

export interface Command {
  readonly id: string;
  readonly label: string;
  readonly group: string;
  readonly icon: LucideIcon;
  readonly run: () => void;
}

const THEME_ICON = { system: SunMoon, light: Sun, dark: Moon };

export function commandsFor(t: Texts, app: AppState): readonly Command[] {
  const screens = SCREENS.map((screen): Command => {
    const label = t('palette.goTo', { screen: t(`screens.${screen}`) });
    return { id: `go ${screen}`, label, group: '', icon: ArrowRight, run: () => void go(screen) };
  });
  const add = (id: string, label: string, group: string, icon: LucideIcon, run: () => void): Command => ({
    id,
    label,
    group,
    icon,
    run,
  });
  const general = [
    add('new', t('profiles.add'), t('screens.profiles'), Plus, () => void go('profiles', 'new')),
    add('import', t('imports.title'), t('screens.profiles'), Import, () =>
      show({ kind: 'import', text: '' }),
    ),
    app.tryIt.kind === 'off' || app.tryIt.kind === 'failed'
      ? add('try', t('firstRun.tryIt'), '', FlaskConical, () => void done((client) => client.tryIt.start()))
      : add('try', t('tryIt.stop'), '', FlaskConical, () => void done((client) => client.tryIt.stop())),
    app.server.config.enabled
      ? add('server', t('buttons.stop'), t('screens.server'), Server, () => void done((c) => c.server.stop()))
      : add(
          'server',
          t('buttons.start'),
          t('screens.server'),
          Server,
          () => void done((c) => c.server.start()),
        ),
    ...(['system', 'light', 'dark'] as const).map((theme) =>
      add(
        `theme ${theme}`,
        `${t('settings.theme')}: ${t(`settings.themes.${theme}`)}`,
        t('screens.settings'),
        THEME_ICON[theme],
        () => void done((client) => client.settings.change({ change: { theme } })),
      ),
    ),
  ];
  const profiles = listProfiles(app).flatMap((profile): Command[] => {
    const name = profileTitle(profile);
    const { id } = profile;
    const on = isOn(app, id);
    const status = app.statuses[id];
    const address = firstLocalAddress(profile, status);
    const group = t('screens.profiles');
    return [
      on
        ? add(`off ${id}`, t('palette.disconnectFrom', { name }), group, Power, () => void disconnect(id))
        : add(`on ${id}`, t('palette.connectTo', { name }), group, Power, () => void connect(id)),
      ...(status?.connection.kind === 'reconnecting'
        ? [add(`retry ${id}`, `${t('buttons.retryNow')}: ${name}`, group, RotateCw, () => void retryNow(id))]
        : []),
      ...(profile.origin === 'user'
        ? [add(`edit ${id}`, t('editor.editTitle', { name }), group, Pencil, () => void go('profiles', id))]
        : []),
      ...(on && profile.origin === 'user' ? transportCommands(t, app, profile) : []),
      ...(on && address !== undefined
        ? [
            add(
              `copy ${id}`,
              `${t('profiles.copyAddress')}: ${address}`,
              name,
              Copy,
              () => void copyText(address),
            ),
          ]
        : []),
    ];
  });
  // What switches comes first: it is what one opens the palette for.
  return [
    ...profiles.filter(({ id }) => /^(?:on|off|retry) /.test(id)).slice(0, 5),
    ...screens,
    ...general,
    ...profiles,
  ];
}

/** Moves a running session to another transport; its connections stay. */
function transportCommands(t: Texts, app: AppState, profile: ProfileView): readonly Command[] {
  return TRANSPORTS.filter(
    (one) => one !== profile.transport && (one !== 'kcp' || app.host.capabilities.kcp),
  ).map((transport) => ({
    id: `transport ${transport} ${profile.id}`,
    label: `${t('editor.transport')}: ${t(`transports.${transport}`)}`,
    group: profileTitle(profile),
    icon: Waypoints,
    run: () => void done((client) => client.profiles.setTransport({ id: profile.id, transport })),
  }));
}

/** More than these nobody reads: a few more letters find what is meant. */
const MOST = 40;

/** The commands in which every typed word stands; those that begin with the text come first. */
export function matchCommands(commands: readonly Command[], text: string): readonly Command[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const seen = new Set<string>();
  const found = commands.filter(({ id, label, group }) => {
    if (seen.has(id)) return false;
    seen.add(id);
    const haystack = `${label} ${group}`.toLowerCase();
    return words.every((word) => haystack.includes(word));
  });
  const first = words.join(' ');
  const rank = ({ label }: Command) => (first !== '' && label.toLowerCase().startsWith(first) ? 0 : 1);
  return found.sort((a, b) => rank(a) - rank(b)).slice(0, MOST);
}
