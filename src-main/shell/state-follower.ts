/** Calls back with each state of the host, gathered as for a page, until it is stopped. */
import type { AppState } from '../../src-shared/state.ts';
import type { StateHub } from '../host/state-hub.ts';

export function followState(hub: StateHub, take: (state: AppState) => void): () => void {
  const stop = new AbortController();
  const reader = { signal: stop.signal, busy: () => false };
  void (async () => {
    for await (const _event of hub.watch(reader)) {
      if (stop.signal.aborted) return;
      take(hub.state);
    }
  })();
  return () => stop.abort();
}
