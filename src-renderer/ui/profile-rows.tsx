import { ArrowDown, ArrowUp, Copy, CopyPlus, Pencil, Search, Share2, Trash2, Waypoints } from 'lucide-react';
import { memo, useDeferredValue, useMemo } from 'react';
import { formatRate } from '../../src-shared/format.ts';
import { type ProfileView, profileTitle } from '../../src-shared/profile.ts';
import { printServer } from '../../src-shared/server-address.ts';
import { connect, copyText, disconnect, duplicateProfile, removeProfile } from '../core/actions.ts';
import { useTexts } from '../core/language.tsx';
import { useProfileFigures } from '../core/live.ts';
import { show } from '../core/overlays.ts';
import { go, printRoute } from '../core/route.ts';
import {
  connectionOf,
  firstLocalAddress,
  isOn,
  listProfiles,
  neighbours,
  searchProfiles,
} from '../core/select.ts';
import { done } from '../core/toasts.ts';
import { useApp, useLink } from '../store.ts';
import { Button } from './button.tsx';
import { Menu } from './menu.tsx';
import { Empty } from './screen.tsx';
import { StateMark, StateWord } from './state-mark.tsx';
import { Switch } from './toggle.tsx';
import { VirtualRows } from './virtual-rows.tsx';

const ROW = 52;

/** The profiles with their states and switches. `compact`: on Home, where one only switches. */
export function ProfileRows({
  search = '',
  compact,
}: {
  readonly search?: string;
  readonly compact?: boolean;
}) {
  const t = useTexts();
  const text = useDeferredValue(search);
  const profiles = useApp((app) => app.profiles);
  const order = useApp((app) => app.order);
  const list = useMemo(() => listProfiles({ profiles, order }), [profiles, order]);
  const rows = useMemo(() => searchProfiles(list, text), [list, text]);
  if (rows.length === 0 && text !== '') return <Empty icon={Search} line={t('common.noMatch', { text })} />;
  if (rows.length === 0) {
    return (
      <Empty icon={Waypoints} line={t('home.empty')}>
        <Button look="primary" onClick={() => void go('profiles', 'new')}>
          {t('home.emptyAction')}
        </Button>
      </Empty>
    );
  }
  return (
    <VirtualRows rows={rows} idOf={({ id }) => id} height={ROW} label={t('profiles.title')}>
      {(profile) => <ProfileRow profile={profile} compact={compact} />}
    </VirtualRows>
  );
}

const ProfileRow = memo(function ProfileRow(props: {
  readonly profile: ProfileView;
  readonly compact?: boolean;
}) {
  const { profile, compact } = props;
  const t = useTexts();
  const up = useLink() === 'up';
  const connection = useApp((app) => connectionOf(app, profile.id));
  const on = useApp((app) => isOn(app, profile.id));
  const name = profileTitle(profile);
  const kind = up ? connection.kind : 'unknown';
  const carrier = connection.kind === 'connected' ? connection.transport : profile.transport;
  return (
    <div className="profile-row">
      <StateMark kind={kind} />
      <div className="profile-text">
        {profile.origin === 'try' ? (
          <span className="profile-name">
            {name} <span className="badge">{t('tryIt.badge')}</span>
          </span>
        ) : (
          <a className="profile-name" href={printRoute('profiles', profile.id)}>
            {name}
          </a>
        )}
        <span className="profile-line">
          <span>{printServer(profile.server)}</span>
          {!compact && (
            <>
              <span className="dot">{t(`transports.${carrier}`)}</span>
              <span className="dot">{t('profiles.rules', { count: profile.rules.length })}</span>
              {profile.secrets.key.kind === 'none' && <span className="dot warn">{t('profiles.noKey')}</span>}
            </>
          )}
        </span>
      </div>
      <Rates id={profile.id} />
      <span className="profile-state">
        <StateWord kind={kind} t={t} />
      </span>
      <Switch
        bare
        label={t(on ? 'profiles.switchOff' : 'profiles.switchOn', { name })}
        checked={on}
        onChange={(checked) => void (checked ? connect(profile.id) : disconnect(profile.id))}
      />
      {!compact && <ProfileMenu profile={profile} />}
    </div>
  );
});

function Rates({ id }: { readonly id: string }) {
  const figures = useProfileFigures(id);
  if (figures === undefined || figures.up + figures.down === 0) return null;
  return (
    <span className="profile-rates">
      <span>↓ {formatRate(figures.down)}</span>
      <span>↑ {formatRate(figures.up)}</span>
    </span>
  );
}

function ProfileMenu({ profile }: { readonly profile: ProfileView }) {
  const t = useTexts();
  const address = useApp((app) => firstLocalAddress(profile, app.statuses[profile.id]));
  const own = profile.origin === 'user';
  const { above, below, afterNext } = useApp((app) => neighbours(app, profile.id));
  const move = (before: string | null) => done((client) => client.profiles.move({ id: profile.id, before }));
  return (
    <Menu
      label={t('page.menuOf', { name: profileTitle(profile) })}
      items={[
        {
          label: t('buttons.edit'),
          icon: Pencil,
          disabled: !own,
          run: () => void go('profiles', profile.id),
        },
        {
          label: t('profiles.copyAddress'),
          icon: Copy,
          disabled: address === undefined,
          run: () => void copyText(address ?? ''),
        },
        {
          label: t('buttons.share'),
          icon: Share2,
          disabled: !own,
          run: () => show({ kind: 'share', profileId: profile.id }),
        },
        {
          label: t('buttons.duplicate'),
          icon: CopyPlus,
          disabled: !own,
          run: () => void duplicateProfile(profile),
        },
        {
          label: t('profiles.moveUp'),
          icon: ArrowUp,
          disabled: !own || above === undefined,
          run: () => void move(above ?? null),
        },
        {
          label: t('profiles.moveDown'),
          icon: ArrowDown,
          disabled: !own || !below,
          run: () => void move(afterNext),
        },
        {
          label: t('buttons.delete'),
          icon: Trash2,
          danger: true,
          disabled: !own,
          run: () => void removeProfile(profile),
        },
      ]}
    />
  );
}
