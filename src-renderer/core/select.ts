/** Readings of the state that several screens share. Pure. */

import { printHostPort } from '../../src-shared/address.ts';
import type { ProfileView } from '../../src-shared/profile.ts';
import type { Rule } from '../../src-shared/rules.ts';
import { LOOPBACK } from '../../src-shared/rules.ts';
import type { AppState } from '../../src-shared/state.ts';
import { type Connection, overall, type ProfileStatus } from '../../src-shared/status.ts';

const STOPPED: Connection = { kind: 'stopped' };

/** The profiles as they are listed. */
export function listProfiles(app: Pick<AppState, 'order' | 'profiles'>): ProfileView[] {
  return app.order.flatMap((id) => (Object.hasOwn(app.profiles, id) ? [app.profiles[id]] : []));
}

export function connectionOf(app: Pick<AppState, 'statuses'>, id: string): Connection {
  return Object.hasOwn(app.statuses, id) ? app.statuses[id].connection : STOPPED;
}

export function isOn(app: Pick<AppState, 'statuses'>, id: string): boolean {
  return Object.hasOwn(app.statuses, id) && app.statuses[id].on;
}

export function onProfiles(app: Pick<AppState, 'statuses'>): ProfileStatus[] {
  return Object.values(app.statuses).filter((status) => status.on);
}

/** What Home shows of all profiles: the most urgent state, and whose it is. */
export function headline(app: AppState): { connection: Connection; profile: ProfileView | undefined } {
  const on = app.order.flatMap((id) => (isOn(app, id) ? [app.statuses[id]] : []));
  const connection = overall(on.map((status) => status.connection));
  const owner = on.find((status) => status.connection === connection);
  // The same object each time, or what reads it would be drawn without end.
  return owner
    ? { connection, profile: app.profiles[owner.id] }
    : { connection: STOPPED, profile: undefined };
}

/** Profiles in whose name, server, transport or rules every word stands. */
export function searchProfiles(profiles: readonly ProfileView[], text: string): readonly ProfileView[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return profiles;
  return profiles.filter((profile) => {
    const own = `${profile.name} ${profile.server.host}:${profile.server.port} ${profile.transport}`;
    const haystack = `${own} ${profile.rules.map((rule) => rule.name).join(' ')}`.toLowerCase();
    return words.every((word) => haystack.includes(word));
  });
}

/** Where programs of this machine find a rule: the port that was bound, where the rule leaves it open. */
export function localAddress(rule: Rule, bound: number | undefined): string {
  const host = rule.bind.host === '*' ? LOOPBACK : rule.bind.host;
  return printHostPort(host, bound ?? rule.bind.port);
}

/** The port at which a rule listens now; undefined while it does not. */
export function boundPort(status: ProfileStatus | undefined, ruleId: string): number | undefined {
  const listener = status && Object.hasOwn(status.listeners, ruleId) ? status.listeners[ruleId] : undefined;
  return listener?.kind === 'listening' ? listener.port : undefined;
}

/** The local address to copy for a profile: its first rule that is on. */
export function firstLocalAddress(
  profile: ProfileView,
  status: ProfileStatus | undefined,
): string | undefined {
  const rule = profile.rules.find((one) => one.enabled);
  return rule && localAddress(rule, boundPort(status, rule.id));
}

/** Between which profiles one stands: the one above, whether there is one below, and the one below that. */
export function neighbours(
  { order }: Pick<AppState, 'order'>,
  id: string,
): { above: string | undefined; below: boolean; afterNext: string | null } {
  const at = order.indexOf(id);
  return { above: order[at - 1], below: at >= 0 && at < order.length - 1, afterNext: order[at + 2] ?? null };
}
