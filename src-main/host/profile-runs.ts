import type { Failure } from '../../src-shared/errors.ts';
import type { Profile } from '../../src-shared/profile.ts';
import type { Connection, Listener, ProfileStatus } from '../../src-shared/status.ts';
import { isUp } from '../../src-shared/status.ts';
import type { EngineLink } from './engine-link.ts';
import type { EngineMessage, RunProfile } from './engine-messages.ts';
import { failureOf } from './failures.ts';
import type { StateHub } from './state-hub.ts';

/** What it takes to run a profile. Throws ERR_NO_KEY, ERR_LOCKED. */
export type Runnable = (id: string) => RunProfile;

/** Which profiles are on, and how they are: the `statuses` table of the state. */
export class ProfileRuns {
  private readonly hub: StateHub;
  private readonly engine: EngineLink;
  private readonly runnable: Runnable;
  /** How often the engine was lost in a row, while a profile is on. */
  private losses = 0;

  constructor(hub: StateHub, engine: EngineLink, runnable: Runnable) {
    this.hub = hub;
    this.engine = engine;
    this.runnable = runnable;
  }

  isOn(id: string): boolean {
    return this.hub.state.statuses[id]?.on ?? false;
  }

  /** Switches on: under way when it returns. What stands in the way is in the state. */
  connect(profile: Profile): void {
    if (this.isOn(profile.id)) return;
    this.put(profile.id, { kind: 'connecting', since: Date.now() }, waitingListeners(profile));
    this.apply(profile.id);
  }

  disconnect(id: string): void {
    if (!this.isOn(id)) return;
    this.put(id, { kind: 'stopped' }, {}, false);
    this.tell(this.engine.ask('disconnect', { id }));
  }

  /** It was changed: what runs follows. */
  changed(id: string): void {
    if (this.isOn(id)) this.apply(id);
  }

  /** A row for a profile that is there, and none for one that is gone. */
  keepRows(ids: Iterable<string>): void {
    const { statuses } = this.hub.state;
    const next: Record<string, ProfileStatus> = {};
    for (const id of ids) next[id] = statuses[id] ?? stopped(id);
    this.hub.set({ statuses: next });
  }

  /** null: all that wait. */
  retryNow(id: string | null): void {
    for (const status of Object.values(this.hub.state.statuses)) {
      if (!status.on || (id !== null && status.id !== id)) continue;
      // What failed before the engine was asked (no key, locked) is asked anew.
      this.apply(status.id);
    }
    this.tell(this.engine.ask('retryNow', { id }));
  }

  networkChanged(online: boolean | null): void {
    this.hub.set({ network: online === null ? 'unknown' : online ? 'online' : 'offline' });
    this.tell(this.engine.ask('networkChanged', { online }));
  }

  took({ id, connection, listeners }: Extract<EngineMessage, { kind: 'status' }>): void {
    const status = this.hub.state.statuses[id];
    if (status === undefined || !status.on || connection.kind === 'stopped') return;
    if (isUp(connection)) this.losses = 0;
    this.put(id, connection, listeners);
  }

  /** The engine's thread is gone, and with it every connection: nothing may look connected. */
  engineLost(failure: Failure, retryMs: number): void {
    this.losses++;
    const { statuses } = this.hub.state;
    const next = Object.values(statuses).map((status): ProfileStatus => {
      if (!status.on) return status;
      const retryAt = Date.now() + retryMs;
      const connection: Connection = {
        kind: 'reconnecting',
        attempt: this.losses,
        retryAt,
        held: 0,
        failure,
      };
      const listeners = Object.keys(status.listeners).map((id) => [id, { kind: 'starting' } as const]);
      const lastFailure = lastFailureOf(connection, status.lastFailure);
      return { ...status, connection, lastFailure, listeners: Object.fromEntries(listeners) };
    });
    this.hub.set({ statuses: Object.fromEntries(next.map((status) => [status.id, status])) });
  }

  engineRestarted(): void {
    for (const { id, on } of Object.values(this.hub.state.statuses)) if (on) this.apply(id);
  }

  private apply(id: string): void {
    try {
      this.tell(this.engine.ask('apply', this.runnable(id)));
    } catch (error) {
      this.put(id, { kind: 'failed', since: Date.now(), failure: failureOf(error) }, {});
      this.tell(this.engine.ask('disconnect', { id }));
    }
  }

  private put(id: string, connection: Connection, listeners: Record<string, Listener>, on = true): void {
    const { statuses } = this.hub.state;
    const before = statuses[id];
    // Switched on anew, a profile has not failed yet.
    const last = before?.on === on ? before.lastFailure : null;
    const lastFailure = lastFailureOf(connection, last);
    this.hub.set({ statuses: { ...statuses, [id]: { id, on, connection, lastFailure, listeners } } });
  }

  /** Nobody waits for the answer: the state tells how it went, also that the engine is gone. */
  private tell(asked: Promise<unknown>): void {
    asked.catch(() => {});
  }
}

function stopped(id: string): ProfileStatus {
  return { id, on: false, connection: { kind: 'stopped' }, lastFailure: null, listeners: {} };
}

/** A failure is new when it is another one, or when the profile was up in between. */
function lastFailureOf(
  connection: Connection,
  last: ProfileStatus['lastFailure'],
): ProfileStatus['lastFailure'] {
  if (connection.kind !== 'failed' && connection.kind !== 'reconnecting') return last;
  const { failure } = connection;
  return last?.failure.message === failure.message ? last : { at: Date.now(), failure };
}

function waitingListeners({ rules }: Profile): Record<string, Listener> {
  const pairs = rules.map(({ id, enabled }): [string, Listener] => [
    id,
    { kind: enabled ? 'starting' : 'off' },
  ]);
  return Object.fromEntries(pairs);
}
