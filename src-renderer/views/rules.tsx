import { Pencil, Plus, Route as RouteIcon, Trash2 } from 'lucide-react';
import { printHostPort } from '../../src-shared/address.ts';
import { formatBytes, formatCount } from '../../src-shared/format.ts';
import { type ProfileView, profileTitle } from '../../src-shared/profile.ts';
import { isExposed, type Rule, type RuleKind } from '../../src-shared/rules.ts';
import { targetText } from '../core/connection-list.ts';
import { useTexts } from '../core/language.tsx';
import { useLiveFigures, useRuleFigures } from '../core/live.ts';
import { show } from '../core/overlays.ts';
import { go, useRoute } from '../core/route.ts';
import { listProfiles, localAddress } from '../core/select.ts';
import { attempt, done, toastUndo } from '../core/toasts.ts';
import { useApp, useLink } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { FailurePanel } from '../ui/failure-panel.tsx';
import { Menu } from '../ui/menu.tsx';
import { Empty, Screen } from '../ui/screen.tsx';
import { ListenerWord, StateWord } from '../ui/state-mark.tsx';
import { Switch } from '../ui/toggle.tsx';

/** The rules of one profile, with what listens, what goes through, and what is in the way. */
export function Rules() {
  const t = useTexts();
  const { item } = useRoute();
  const profiles = useApp((app) => app.profiles);
  const order = useApp((app) => app.order);
  const list = listProfiles({ profiles, order });
  const profile = list.find(({ id }) => id === item) ?? list.at(0);
  useLiveFigures(2, profile?.id ?? null);
  const add = (as: RuleKind) => profile && show({ kind: 'rule', profileId: profile.id, ruleId: null, as });
  if (profile === undefined) {
    return (
      <Screen title={t('rules.title')}>
        <Empty icon={RouteIcon} line={t('profiles.empty')}>
          <Button look="primary" onClick={() => void go('profiles', 'new')}>
            {t('home.emptyAction')}
          </Button>
        </Empty>
      </Screen>
    );
  }
  const own = profile.origin === 'user';
  return (
    <Screen
      title={t('rules.title')}
      filled
      beside={<ProfilePicker list={list} profile={profile} />}
      tools={
        own && (
          <Button look="primary" icon={Plus} onClick={() => add('static')}>
            {t('rules.add')}
          </Button>
        )
      }
    >
      {profile.rules.length === 0 ? (
        <Empty icon={RouteIcon} line={t('rules.empty')}>
          {own && (
            <>
              <Button look="primary" onClick={() => add('static')}>
                {t('ruleKinds.static')}
              </Button>
              <Button onClick={() => add('dynamic')}>{t('ruleKinds.dynamic')}</Button>
            </>
          )}
        </Empty>
      ) : (
        <RuleTable profile={profile} />
      )}
    </Screen>
  );
}

function ProfilePicker({ list, profile }: { list: readonly ProfileView[]; profile: ProfileView }) {
  const t = useTexts();
  return (
    <select
      className="input select picker"
      aria-label={t('page.profileOf')}
      value={profile.id}
      onChange={(event) => void go('rules', event.target.value)}
    >
      {list.map((one) => (
        <option key={one.id} value={one.id}>
          {profileTitle(one)}
        </option>
      ))}
    </select>
  );
}

function RuleTable({ profile }: { readonly profile: ProfileView }) {
  const t = useTexts();
  return (
    <div className="table-scroll">
      <table className="table rules-table">
        <caption className="visually-hidden">{t('rules.ofProfile', { name: profileTitle(profile) })}</caption>
        <thead>
          <tr>
            <th scope="col" className="cell-switch">
              {t('common.on')}
            </th>
            <th scope="col">{t('rules.listensAt')}</th>
            <th scope="col">{t('rules.leadsTo')}</th>
            <th scope="col">{t('common.state')}</th>
            <th scope="col" className="cell-number">
              {t('rules.active')}
            </th>
            <th scope="col" className="cell-number wide-only">
              {t('rules.total')}
            </th>
            <th scope="col" className="cell-number wide-only">
              {t('common.sent')}
            </th>
            <th scope="col" className="cell-number wide-only">
              {t('common.received')}
            </th>
            <th scope="col" className="cell-menu">
              <span className="visually-hidden">{t('common.actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {profile.rules.map((rule) => (
            <RuleRow key={rule.id} profile={profile} rule={rule} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function RuleRow({ profile, rule }: { readonly profile: ProfileView; readonly rule: Rule }) {
  const t = useTexts();
  const up = useLink() === 'up';
  const listener = useApp((app) => app.statuses[profile.id]?.listeners[rule.id]);
  const figures = useRuleFigures(rule.id);
  const place = { profileId: profile.id, ruleId: rule.id };
  const bound = listener?.kind === 'listening' ? listener.port : undefined;
  const name = rule.name || printHostPort(rule.bind.host, bound ?? rule.bind.port);
  const own = profile.origin === 'user';
  const number = (value: number | undefined) => (value === undefined ? '–' : formatCount(value));
  const failed = listener?.kind === 'failed' ? listener.failure : undefined;
  return (
    <>
      <tr className={failed ? 'row-failed' : undefined}>
        <td className="cell-switch">
          <Switch
            bare
            label={t(rule.enabled ? 'profiles.switchOff' : 'profiles.switchOn', { name })}
            checked={rule.enabled}
            disabled={!own}
            onChange={(enabled) => void done((client) => client.rules.setEnabled({ ...place, enabled }))}
          />
        </td>
        <td>
          <span className="cell-main cell-place">{localAddress(rule, bound)}</span>
          <span className="cell-sub">
            {rule.name && <span>{rule.name}</span>}
            {isExposed(rule) && <span className="warn">{t('common.allInterfaces')}</span>}
          </span>
        </td>
        <td>
          {rule.kind === 'dynamic' ? (
            <span className="cell-main">{t('ruleKinds.dynamic')}</span>
          ) : (
            <span className="cell-main">{targetText(t, { protocol: 'tcp', target: rule.target })}</span>
          )}
          {rule.kind === 'udp' && <span className="cell-sub">UDP</span>}
        </td>
        <td>
          {up ? <ListenerWord kind={listener?.kind ?? 'off'} t={t} /> : <StateWord kind="unknown" t={t} />}
        </td>
        <td className="cell-number">{number(figures?.active)}</td>
        <td className="cell-number wide-only">
          {number(figures?.total)}
          {figures !== undefined && figures.failed > 0 && (
            <span className="warn" title={t('rules.failed')}>
              {' '}
              {formatCount(figures.failed)} ×
            </span>
          )}
        </td>
        <td className="cell-number wide-only">{figures === undefined ? '–' : formatBytes(figures.sent)}</td>
        <td className="cell-number wide-only">
          {figures === undefined ? '–' : formatBytes(figures.received)}
        </td>
        <td className="cell-menu">{own && <RuleMenu profile={profile} rule={rule} name={name} />}</td>
      </tr>
      {failed && (
        <tr className="row-note">
          <td colSpan={9}>
            <FailurePanel failure={failed} place={place} />
          </td>
        </tr>
      )}
    </>
  );
}

function RuleMenu(props: { readonly profile: ProfileView; readonly rule: Rule; readonly name: string }) {
  const t = useTexts();
  const { profile, rule, name } = props;
  const remove = async () => {
    const ids = { profileId: profile.id, ruleIds: [rule.id] };
    const undo = await attempt((client) => client.rules.remove(ids));
    if (undo !== undefined) toastUndo(t('common.deleted', { name }), undo);
  };
  return (
    <Menu
      label={t('page.menuOf', { name })}
      items={[
        {
          label: t('buttons.edit'),
          icon: Pencil,
          run: () => show({ kind: 'rule', profileId: profile.id, ruleId: rule.id, as: rule.kind }),
        },
        { label: t('buttons.delete'), icon: Trash2, danger: true, run: () => void remove() },
      ]}
    />
  );
}
