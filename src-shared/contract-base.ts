/** What every call of the contract shares: its errors, and the shape of a stream. */
import { eventIterator, oc } from '@orpc/contract';
import * as z from 'zod';
import { ERROR_CODES, type ErrorCode, failureSchema } from './errors.ts';
import { idSchema, timeSchema } from './schema.ts';

type ErrorItems = { [Code in ErrorCode]: { data: typeof failureSchema } };

/**
 * Any call may end with any code, its data a Failure. What is an expected outcome of a call (a port that is taken,
 * a link that is wrong, a test that fails) is a return value and not among them. Payloads that are not what the
 * contract says are refused by the library with BAD_REQUEST, which `toFailure` turns into ERR_BAD_REQUEST.
 */
const errors = Object.fromEntries(ERROR_CODES.map((code) => [code, { data: failureSchema }])) as ErrorItems;

export const call = oc.errors(errors);

/** A call whose answer is a stream of messages, until either end ends it. */
export const stream = <T extends z.ZodType>(message: T) => eventIterator(message);

/** Answer of calls that have none. */
export const nothing = z.void();

/** Something was removed or replaced, and can be put back until then. */
export const undoSchema = z.strictObject({ token: idSchema, until: timeSchema });
export type Undo = z.infer<typeof undoSchema>;
