/** What the host says, as the page keeps it: one snapshot, then patches. A vanilla store, so that no component owns it. */
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import { createStore } from 'zustand/vanilla';
import { applyPatch, type StateEvent } from '../src-shared/patch.ts';
import type { AppState } from '../src-shared/state.ts';

/** `starting`: no answer yet; `gone`: there was one; `outdated`: the page is older than the host. */
export type Link = 'starting' | 'up' | 'gone' | 'outdated';

export interface View {
  readonly link: Link;
  readonly rev: number;
  readonly app: AppState | undefined;
  /** The host's clock minus the page's, ms. */
  readonly skew: number;
}

export const store = createStore<View>()(() => ({ link: 'starting', rev: 0, app: undefined, skew: 0 }));

/** Takes a message of the state's stream. `lost`: one was missed, so the stream has to be opened again. */
export function takeEvent(event: StateEvent): 'taken' | 'lost' {
  const { app, rev } = store.getState();
  const next = applyPatch(app === undefined ? undefined : { rev, state: app }, event);
  if (next === 'lost') return 'lost';
  const skew = event.kind === 'snapshot' ? event.state.host.time - Date.now() : store.getState().skew;
  store.setState({ rev: next.rev, app: next.state, skew });
  return 'taken';
}

export function setLink(link: Link): void {
  if (store.getState().link !== link) store.setState({ link });
}

export const useLink = (): Link => useStore(store, (view) => view.link);

/** A part of the state, in components below the frame, which is shown once there is one. */
export function useApp<T>(select: (app: AppState) => T): T {
  return useStore(
    store,
    useShallow((view: View) => {
      if (view.app === undefined) throw new Error('no state yet');
      return select(view.app);
    }),
  );
}

export function currentApp(): AppState | undefined {
  return store.getState().app;
}

/** The host's time now, ms. */
export function hostNow(): number {
  return Date.now() + store.getState().skew;
}
