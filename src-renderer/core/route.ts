/** Which screen is shown: the address after `#`, so that *back* works and a reload stays where it was. */
import { useSyncExternalStore } from 'react';

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

export function guardRoute(wanted: Guard): () => void {
  guard = wanted;
  return () => {
    if (guard === wanted) guard = undefined;
  };
}

export async function go(
  screen: Screen,
  item?: string,
  query?: Readonly<Record<string, string>>,
): Promise<void> {
  if (guard !== undefined && !(await guard())) return;
  guard = undefined;
  location.hash = printRoute(screen, item, query);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

let read = { hash: '', route: parseRoute('') };

/** The same object for the same address, so that nothing is drawn again without need. */
export function currentRoute(): Route {
  if (read.hash !== location.hash) read = { hash: location.hash, route: parseRoute(location.hash) };
  return read.route;
}

export function useRoute(): Route {
  return useSyncExternalStore((changed) => {
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, currentRoute);
}
