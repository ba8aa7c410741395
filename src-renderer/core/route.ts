/** Which screen is shown: the address after `#`, so that *back* works and a reload stays where it was. */
import { useSyncExternalStore } from 'react';
import { findShell } from './shell-port.ts';

export const SCREENS = ['home', 'profiles', 'rules', 'connections', 'server', 'logs', 'settings'] as const;
export type Screen = (typeof SCREENS)[number];

export interface Route {
  readonly screen: Screen;
  /** What is shown of it: a profile's id, `new`, `import`. Empty: the screen itself. */
  readonly item: string;
  /** The field to put the cursor into, and others. */
  readonly query: ReadonlyMap<string, string>;
}

export function parseRoute(hash: string): Route {
  const [path, queryText = ''] = hash.replace(/^#?\/?/, '').split('?');
  const [screenText, item = ''] = path.split('/');
  const screen = SCREENS.find((name) => name === screenText) ?? 'home';
  return { screen, item: decode(item), query: new Map(new URLSearchParams(queryText)) };
}

export function printRoute(screen: Screen, item = '', query: Readonly<Record<string, string>> = {}): string {
  const search = new URLSearchParams(query).toString();
  return `#/${screen}${item === '' ? '' : `/${encodeURIComponent(item)}`}${search === '' ? '' : `?${search}`}`;
}

/** A screen may ask before it is left: it answers whether to go. */
type Guard = () => boolean | Promise<boolean>;
let guard: Guard | undefined;

/** Asks before the screen is left by whatever way: a link, *back*, a reload. */
export function guardRoute(wanted: Guard): () => void {
  guard = wanted;
  addEventListener('beforeunload', keepPage);
  return () => {
    if (guard === wanted) releaseRoute();
  };
}

/** The screen may be left without a question: what it held is saved. */
export function releaseRoute(): void {
  guard = undefined;
  removeEventListener('beforeunload', keepPage);
}

/** The browser asks in its own words. A desktop window would stay open without a question, so there it is let go. */
function keepPage(event: BeforeUnloadEvent): void {
  if (findShell() === undefined) event.preventDefault();
}

export async function go(
  screen: Screen,
  item?: string,
  query?: Readonly<Record<string, string>>,
): Promise<void> {
  if (guard !== undefined && !(await guard())) return;
  releaseRoute();
  location.hash = printRoute(screen, item, query);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What is shown: while a screen asks whether it may be left, the address is ahead of it. */
let shown = { hash: '', route: parseRoute('') };
let asking = false;

/** The same object for the same address, so that nothing is drawn again without need. */
export function currentRoute(): Route {
  if (guard === undefined && shown.hash !== location.hash) {
    shown = { hash: location.hash, route: parseRoute(location.hash) };
  }
  return shown.route;
}

const readers = new Set<() => void>();

/** The address was changed by *back*, *forward* or by hand: it is taken back unless the screen may be left. */
async function addressChanged(): Promise<void> {
  if (guard !== undefined && location.hash !== shown.hash) {
    // Another step while the question is there: its answer is for where one is then.
    if (asking) return;
    asking = true;
    const leave = await guard();
    asking = false;
    if (leave) releaseRoute();
    else if (location.hash !== shown.hash) history.pushState(null, '', shown.hash || '#');
  }
  for (const changed of readers) changed();
}

function subscribe(changed: () => void): () => void {
  if (readers.size === 0) addEventListener('hashchange', addressChanged);
  readers.add(changed);
  return () => {
    readers.delete(changed);
    if (readers.size === 0) removeEventListener('hashchange', addressChanged);
  };
}

export function useRoute(): Route {
  return useSyncExternalStore(subscribe, currentRoute);
}
