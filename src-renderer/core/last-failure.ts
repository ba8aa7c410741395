/** The last thing that went wrong while the page was open, for Home: also when it is over. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { Failure } from '../../src-shared/errors.ts';
import type { AppState } from '../../src-shared/state.ts';
import { store } from '../store.ts';
import type { Place } from './actions.ts';

export interface Seen {
  readonly failure: Failure;
  readonly place: Place;
  /** By the page's clock. */
  readonly at: number;
  /** Whether it is still so. */
  readonly now: boolean;
}

const seen = createStore<{ last: Seen | undefined }>()(() => ({ last: undefined }));
export const useLastFailure = (): Seen | undefined => useStore(seen, (state) => state.last);

/** Every failure in a state. A profile's own comes before those of its rules. */
export function failuresIn(statuses: AppState['statuses']): ReadonlyArray<Omit<Seen, 'at' | 'now'>> {
  return Object.values(statuses).flatMap(({ id, connection, listeners }) => [
    ...('failure' in connection ? [{ failure: connection.failure, place: { profileId: id } }] : []),
    ...Object.entries(listeners).flatMap(([ruleId, listener]) =>
      listener.kind === 'failed' ? [{ failure: listener.failure, place: { profileId: id, ruleId } }] : [],
    ),
  ]);
}

function same(a: Omit<Seen, 'at' | 'now'>, b: Omit<Seen, 'at' | 'now'>): boolean {
  const { profileId, ruleId } = a.place;
  return a.failure.code === b.failure.code && profileId === b.place.profileId && ruleId === b.place.ruleId;
}

export function watchFailures(): void {
  let before: AppState['statuses'] | undefined;
  let known: ReadonlyArray<Omit<Seen, 'at' | 'now'>> = [];
  store.subscribe(({ app }) => {
    if (app === undefined || app.statuses === before) return;
    before = app.statuses;
    const found = failuresIn(app.statuses);
    const fresh = found.find((one) => !known.some((other) => same(one, other)));
    known = found;
    const { last } = seen.getState();
    if (fresh !== undefined) seen.setState({ last: { ...fresh, at: Date.now(), now: true } });
    else if (last?.now && !found.some((one) => same(one, last)))
      seen.setState({ last: { ...last, now: false } });
  });
}
