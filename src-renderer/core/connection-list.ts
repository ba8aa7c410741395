/** The connections table's rows: filtered and sorted. Pure. */
import { printHostPort } from '../../src-shared/address.ts';
import type { ConnectionRow } from '../../src-shared/connections.ts';
import { profileTitle } from '../../src-shared/profile.ts';
import type { AppState } from '../../src-shared/state.ts';
import { boundPort } from './select.ts';
import type { Texts } from './texts.ts';

export function targetText(
  t: Texts,
  { target, protocol }: Pick<ConnectionRow, 'target' | 'protocol'>,
): string {
  if (target === null) return protocol === 'udp' ? t('connections.udpMany') : '…';
  const { host, port } = target;
  const place = host === '' ? `${t('common.serverItself')}:${port}` : printHostPort(host, port);
  return protocol === 'udp' ? `${place}/udp` : place;
}

/** What each profile and rule is called, by their ids: looked up for every row, so made once per change of them. */
export function connectionNames({
  profiles,
  statuses,
}: Pick<AppState, 'profiles' | 'statuses'>): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const profile of Object.values(profiles)) {
    names.set(profile.id, profileTitle(profile));
    for (const rule of profile.rules) {
      names.set(
        `${profile.id} ${rule.id}`,
        rule.name || `:${boundPort(statuses[profile.id], rule.id) ?? rule.bind.port}`,
      );
    }
  }
  return names;
}

/** Rows in which every word stands, in target, rule, profile or transport; newest first. */
export function filterConnections(
  t: Texts,
  rows: Iterable<ConnectionRow>,
  names: ReadonlyMap<string, string>,
  text: string,
): readonly ConnectionRow[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const list = [...rows];
  const found =
    words.length === 0
      ? list
      : list.filter((row) => {
          const rule = names.get(`${row.profileId} ${row.ruleId}`) ?? '';
          const place = `${targetText(t, row)} ${rule} ${names.get(row.profileId) ?? ''}`;
          const haystack = `${place} ${row.transport ?? ''} ${row.state}`.toLowerCase();
          return words.every((word) => haystack.includes(word));
        });
  return found.sort((a, b) => b.openedAt - a.openedAt || (a.id < b.id ? -1 : 1));
}
