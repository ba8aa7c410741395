/** What the tray shows, as plain data: a function of the state, the figures and the language. */

import { formatRate } from '../../src-shared/format.ts';
import { fill } from '../../src-shared/i18n/fill.ts';
import type { Messages } from '../../src-shared/i18n/messages.ts';
import { type ProfileView, profileTitle } from '../../src-shared/profile.ts';
import { assertNever } from '../../src-shared/schema.ts';
import type { AppState } from '../../src-shared/state.ts';
import {
  type Connection,
  type ConnectionKind,
  isUp,
  overall,
  type ProfileStatus,
} from '../../src-shared/status.ts';

/** What a click asks for. */
export type TrayAction =
  | { readonly kind: 'open' | 'quit' | 'connectAll' | 'disconnectAll' | 'retry' }
  | { readonly kind: 'toggle'; readonly profileId: string; readonly on: boolean }
  | { readonly kind: 'copy'; readonly text: string };

export type TrayItem =
  | { readonly kind: 'line'; readonly label: string }
  | { readonly kind: 'separator' }
  | { readonly kind: 'command'; readonly label: string; readonly action: TrayAction }
  | {
      readonly kind: 'check';
      readonly label: string;
      readonly checked: boolean;
      readonly action: TrayAction;
    }
  | { readonly kind: 'menu'; readonly label: string; readonly items: readonly TrayItem[] };

/** One shape each; see assets/tray. */
export type TrayShape = 'stopped' | 'busy' | 'connected' | 'degraded' | 'failed';

export interface TrayModel {
  readonly shape: TrayShape;
  readonly tip: string;
  readonly items: readonly TrayItem[];
}

export interface TrayFigures {
  readonly up: number;
  readonly down: number;
}

/** A menu of a thousand lines is of no use, and some panels refuse it; the window has them all. */
const MAX_LISTED = 25;
const MAX_ADDRESSES = 25;
/** Windows cuts a tip at 127 characters. */
const MAX_TIP = 120;
const MAX_NAME = 48;

export function trayModel(state: AppState, figures: TrayFigures | undefined, texts: Messages): TrayModel {
  const profiles = state.order.map((id) => state.profiles[id]).filter((one) => one !== undefined);
  const statuses = profiles.map(({ id }) => state.statuses[id]).filter((one) => one !== undefined);
  const on = statuses.filter((status) => status.on);
  const worst = overall(on.map(({ connection }) => connection));
  const word = texts.states[worst.kind].word;
  const name = nameOf(on, worst, state);
  const status = name === undefined ? word : fill(texts.tray.status, { state: word, name });
  const rates =
    figures === undefined || !on.some(({ connection }) => isUp(connection))
      ? undefined
      : fill(texts.tray.rates, { up: formatRate(figures.up), down: formatRate(figures.down) });
  const items: TrayItem[] = [{ kind: 'line', label: status }];
  if (rates !== undefined) items.push({ kind: 'line', label: rates });
  items.push({ kind: 'separator' });
  items.push(...primary(profiles.length, on, texts));
  items.push(...profileItems(profiles, state, texts));
  items.push(...addressItems(profiles, state, texts));
  items.push({ kind: 'separator' });
  items.push({ kind: 'command', label: texts.tray.open, action: { kind: 'open' } });
  items.push({ kind: 'command', label: texts.tray.quit, action: { kind: 'quit' } });
  return { shape: shapeOf(worst.kind), tip: `${texts.app.name} · ${status}`.slice(0, MAX_TIP), items };
}

export function shapeOf(kind: ConnectionKind): TrayShape {
  switch (kind) {
    case 'stopped':
    case 'connected':
    case 'degraded':
    case 'failed':
      return kind;
    case 'connecting':
    case 'reconnecting':
    case 'waitingForNetwork':
      return 'busy';
    default:
      return assertNever(kind);
  }
}

/** Whose state it is: named when it is one profile's. */
function nameOf(on: readonly ProfileStatus[], worst: Connection, state: AppState): string | undefined {
  const same = on.filter(({ connection }) => connection.kind === worst.kind);
  if (same.length !== 1) return undefined;
  return short(profileTitle(state.profiles[same[0].id]));
}

/** The one valid action: nothing on can be connected, anything on can be disconnected; what waits can be hurried. */
function primary(count: number, on: readonly ProfileStatus[], texts: Messages): readonly TrayItem[] {
  if (count === 0) return [];
  if (on.length === 0) {
    return [{ kind: 'command', label: texts.buttons.connect, action: { kind: 'connectAll' } }];
  }
  const items: TrayItem[] = [
    { kind: 'command', label: texts.buttons.disconnect, action: { kind: 'disconnectAll' } },
  ];
  if (on.some(({ connection }) => connection.kind === 'reconnecting' || connection.kind === 'failed')) {
    items.unshift({ kind: 'command', label: texts.buttons.retryNow, action: { kind: 'retry' } });
  }
  return items;
}

function profileItems(
  profiles: readonly ProfileView[],
  state: AppState,
  texts: Messages,
): readonly TrayItem[] {
  if (profiles.length === 0) return [];
  // Those that are on come first: they must be within reach whatever the list's length.
  const isOn = ({ id }: ProfileView): boolean => state.statuses[id]?.on ?? false;
  const listed =
    profiles.length <= MAX_LISTED
      ? profiles
      : [...profiles.filter(isOn), ...profiles.filter((one) => !isOn(one))].slice(0, MAX_LISTED);
  const items = listed.map((profile): TrayItem => {
    const { id } = profile;
    const status = state.statuses[id];
    const checked = isOn(profile);
    const word = checked && status !== undefined ? texts.states[status.connection.kind].word : undefined;
    const title = short(profileTitle(profile));
    const label = word === undefined ? title : fill(texts.tray.status, { state: word, name: title });
    return { kind: 'check', label, checked, action: { kind: 'toggle', profileId: id, on: !checked } };
  });
  return [{ kind: 'menu', label: texts.tray.profiles, items }];
}

/** Local addresses that listen now, each with its rule's name. */
function addressItems(
  profiles: readonly ProfileView[],
  state: AppState,
  texts: Messages,
): readonly TrayItem[] {
  const items: TrayItem[] = [];
  for (const { id, rules } of profiles) {
    for (const rule of rules) {
      const listener = state.statuses[id]?.listeners[rule.id];
      if (listener?.kind !== 'listening' || items.length >= MAX_ADDRESSES) continue;
      const host = listener.host.includes(':') ? `[${listener.host}]` : listener.host;
      const text = `${host}:${listener.port}`;
      const label = rule.name === '' ? text : `${short(rule.name)} · ${text}`;
      items.push({ kind: 'command', label, action: { kind: 'copy', text } });
    }
  }
  if (items.length === 0) return [];
  return [{ kind: 'menu', label: texts.tray.copyAddress, items }];
}

/** One line without control characters; `&` would be taken for a mnemonic. */
function short(text: string): string {
  const line = text.replace(/\p{Cc}+/gu, ' ').replaceAll('&', '&&');
  return line.length <= MAX_NAME ? line : `${line.slice(0, MAX_NAME - 1)}…`;
}
