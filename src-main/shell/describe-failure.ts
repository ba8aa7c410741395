import { failureOf, HostError } from '../host/failures.ts';

/** Why the app cannot start, for a box: what happened, and what to do about it. */
export function describeFailure(error: unknown): string {
  const { message, remedy } = error instanceof HostError ? error.failure : failureOf(error);
  return remedy === undefined ? message : `${message}\n\n${remedy}`;
}
