/** How every call of the contract is answered: its context, and errors that the page can tell apart. */
import { implement, ORPCError } from '@orpc/server';
import { contract } from '../../src-shared/contract.ts';
import type { Failure } from '../../src-shared/errors.ts';
import { failureOf, HostError } from './failures.ts';
import type { Reader } from './pacing.ts';

/** What a call knows of the pipe it came by. */
export interface CallContext {
  /** Whether so much is unsent that a stream had better wait. */
  busy(): boolean;
  /** Told of faults of Culvert's own. */
  report(error: unknown): void;
}

/** Errors of the host cross with their Failure as data; what was not foreseen is told to the log and is ERR_INTERNAL. */
export const os = implement(contract)
  .$context<CallContext>()
  .use(async ({ context, next }) => {
    try {
      return await next();
    } catch (error) {
      throw typed(error, context);
    }
  });

/** The reader of a stream. A call without a signal is never aborted. */
export function readerOf(context: CallContext, signal: AbortSignal | undefined): Reader {
  return { signal: signal ?? new AbortController().signal, busy: () => context.busy() };
}

/** A stream whose errors cross as those of calls do. */
export async function* streamed<T>(
  context: CallContext,
  source: AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  try {
    yield* source;
  } catch (error) {
    throw typed(error, context);
  }
}

function typed(error: unknown, context: CallContext): unknown {
  // The library's own: a payload that is not what the contract says.
  if (error instanceof ORPCError) return error;
  const failure = failureOf(error);
  if (!(error instanceof HostError) && failure.code === 'ERR_INTERNAL') context.report(error);
  return orpcError(failure);
}

export function orpcError(failure: Failure): ORPCError<string, Failure> {
  const { code, message } = failure;
  return new ORPCError(code, { defined: true, status: 500, message, data: failure });
}
