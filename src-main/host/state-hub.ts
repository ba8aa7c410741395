import { MAX_NOTICES, MAX_PATCH_OPS } from '../../src-shared/limits.ts';
import { diffStates, type StateEvent } from '../../src-shared/patch.ts';
import type { AppState, Notice } from '../../src-shared/state.ts';
import { newId } from './ids.ts';
import { pause, type Reader } from './pacing.ts';

/** At most 20 messages a second to each watcher. */
const PERIOD_MS = 50;

/** The one place where the state is. It is immutable: whoever changes it puts another one in its place. */
export class StateHub {
  private current: AppState;
  private readonly wakers = new Set<() => void>();

  constructor(state: AppState) {
    this.current = state;
  }

  get state(): AppState {
    return this.current;
  }

  /** Replaces parts of the state; the same values again change nothing. */
  set(change: Partial<AppState>): void {
    const changed = Object.entries(change).some(
      ([key, value]) => this.current[key as keyof AppState] !== value,
    );
    if (!changed) return;
    this.current = { ...this.current, ...change };
    for (const wake of this.wakers) wake();
  }

  notice(kind: Notice['kind'], failure: Notice['failure']): void {
    const notice: Notice = { id: newId(), kind, at: Date.now(), failure };
    const list = [...Object.values(this.current.notices), notice].slice(-MAX_NOTICES);
    this.set({ notices: Object.fromEntries(list.map((one) => [one.id, one])) });
  }

  /** False: it is not there. */
  dismiss(id: string): boolean {
    if (!Object.hasOwn(this.current.notices, id)) return false;
    const { [id]: _gone, ...notices } = this.current.notices;
    this.set({ notices });
    return true;
  }

  /**
   * A snapshot, then what changes, gathered while the reader is slow or the period lasts. What waits is at most one
   * difference between two states, whatever happens in between.
   */
  async *watch(reader: Reader): AsyncGenerator<StateEvent> {
    let wake = (): void => {};
    const waker = (): void => wake();
    this.wakers.add(waker);
    try {
      let sent = this.current;
      let rev = 0;
      yield { kind: 'snapshot', rev, state: stamped(sent) };
      while (!reader.signal.aborted) {
        if (this.current === sent) {
          await new Promise<void>((resolve) => {
            wake = resolve;
            reader.signal.addEventListener('abort', waker, { once: true });
          });
          reader.signal.removeEventListener('abort', waker);
          continue;
        }
        if (!reader.busy()) {
          const ops = diffStates(sent, this.current);
          sent = this.current;
          rev++;
          if (ops.length > MAX_PATCH_OPS) yield { kind: 'snapshot', rev, state: stamped(sent) };
          else if (ops.length > 0) yield { kind: 'patch', rev, ops };
          else rev--;
        }
        await pause(PERIOD_MS, reader.signal);
      }
    } finally {
      this.wakers.delete(waker);
    }
  }
}

/** The page shows ages by the host's clock: see `HostInfo.time`. */
function stamped(state: AppState): AppState {
  return { ...state, host: { ...state.host, time: Date.now() } };
}
