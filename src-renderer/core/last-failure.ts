/** The last thing that went wrong, for Home: what is wrong now first, else what is mended by now. Pure. */
import type { Failure } from '../../src-shared/errors.ts';
import type { AppState } from '../../src-shared/state.ts';

export interface Seen {
  readonly failure: Failure;
  readonly profileId: string;
  /** null: it is about the profile itself. */
  readonly ruleId: string | null;
  /** By the host's clock; null where that is not known. */
  readonly at: number | null;
  /** Whether it is still so. */
  readonly now: boolean;
}

/** Every failure in a state, also those that are over. */
export function failuresIn(statuses: AppState['statuses']): readonly Seen[] {
  return Object.values(statuses).flatMap(({ id, connection, lastFailure, listeners }): Seen[] => {
    const own = 'failure' in connection ? connection.failure : undefined;
    const past = lastFailure?.failure;
    const failure = own ?? past;
    const at = lastFailure?.at ?? null;
    return [
      ...(failure ? [{ failure, profileId: id, ruleId: null, at, now: own !== undefined }] : []),
      ...Object.entries(listeners).flatMap(([ruleId, listener]): Seen[] =>
        listener.kind === 'failed'
          ? [{ failure: listener.failure, profileId: id, ruleId, at: null, now: true }]
          : [],
      ),
    ];
  });
}

export function lastFailure(app: Pick<AppState, 'statuses'>): Seen | undefined {
  const before = (a: Seen, b: Seen) => Number(b.now) - Number(a.now) || (b.at ?? 0) - (a.at ?? 0);
  return [...failuresIn(app.statuses)].sort(before).at(0);
}
