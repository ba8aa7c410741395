/** What state a profile, a rule and the embedded server are in. Explicit unions: every switch ends in assertNever. */
import * as z from 'zod';
import { type Action, actionFor, failureSchema } from './errors.ts';
import { MAX_RULES } from './limits.ts';
import { carrierSchema } from './profile.ts';
import {
  assertNever,
  countSchema,
  durationSchema,
  idSchema,
  listenPortSchema,
  timeSchema,
} from './schema.ts';

const rtt = durationSchema.nullable();

/** The connection of one profile. Times are the host's clock: see `AppState.host.time`. */
export const connectionSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('stopped') }),
  z.strictObject({ kind: z.literal('connecting'), since: timeSchema }),
  z.strictObject({
    kind: z.literal('connected'),
    /** What carries now. */
    transport: carrierSchema,
    /** Last authenticated echo, ms; null before the first. */
    rttMs: rtt,
    since: timeSchema,
    /** How often the session was taken up again without a loss. */
    resumes: countSchema,
  }),
  /** There is a carrier, but it does not answer. */
  z.strictObject({
    kind: z.literal('degraded'),
    transport: carrierSchema,
    rttMs: rtt,
    since: timeSchema,
    /** When the last sign of life came. */
    silentSince: timeSchema,
  }),
  z.strictObject({
    kind: z.literal('reconnecting'),
    attempt: z.int().min(1),
    /** When the next try starts; null while one is under way. */
    retryAt: timeSchema.nullable(),
    /** Connections that wait and are not dropped. */
    held: countSchema,
    failure: failureSchema,
  }),
  z.strictObject({ kind: z.literal('waitingForNetwork'), since: timeSchema, held: countSchema }),
  z.strictObject({ kind: z.literal('failed'), since: timeSchema, failure: failureSchema }),
]);
export type Connection = z.infer<typeof connectionSchema>;
export type ConnectionKind = Connection['kind'];

/** A rule's listener. */
export const listenerSchema = z.discriminatedUnion('kind', [
  /** The rule or its profile is off. */
  z.strictObject({ kind: z.literal('off') }),
  z.strictObject({ kind: z.literal('starting') }),
  /** The port that was bound: for port 0 the one that the system chose. */
  z.strictObject({ kind: z.literal('listening'), host: z.string().max(253), port: listenPortSchema }),
  z.strictObject({ kind: z.literal('failed'), failure: failureSchema }),
]);
export type Listener = z.infer<typeof listenerSchema>;

/** The row of the state's `statuses` table; its id is the profile's. */
export const profileStatusSchema = z.strictObject({
  id: idSchema,
  /** What the switch says. A failed profile is still on. */
  on: z.boolean(),
  connection: connectionSchema,
  /** The last one since it was switched on, also when it is mended by now; null: none. */
  lastFailure: z.strictObject({ at: timeSchema, failure: failureSchema }).nullable(),
  /** By the rules' ids. */
  listeners: z
    .record(idSchema, listenerSchema)
    .refine((table) => Object.keys(table).length <= MAX_RULES, 'too many'),
});
export type ProfileStatus = z.infer<typeof profileStatusSchema>;

/** What the one button of a state does. */
export type NextAction =
  | { readonly kind: 'connect' | 'cancel' | 'disconnect' | 'retry' }
  | { readonly kind: 'fix'; readonly action: Action };

export function nextAction(connection: Connection): NextAction {
  switch (connection.kind) {
    case 'stopped':
      return { kind: 'connect' };
    case 'connecting':
    case 'waitingForNetwork':
      return { kind: 'cancel' };
    case 'connected':
    case 'degraded':
      return { kind: 'disconnect' };
    case 'reconnecting':
      return { kind: 'retry' };
    case 'failed':
      return { kind: 'fix', action: actionFor(connection.failure.code) };
    default:
      return assertNever(connection);
  }
}

/** From what needs a person most to what needs nobody. */
const URGENCY: readonly ConnectionKind[] = [
  'failed',
  'degraded',
  'reconnecting',
  'waitingForNetwork',
  'connecting',
  'connected',
  'stopped',
];

/** One state for the Home screen and the tray: the most urgent of all profiles that are on. */
export function overall(connections: Iterable<Connection>): Connection {
  let worst: Connection = { kind: 'stopped' };
  for (const connection of connections) {
    if (URGENCY.indexOf(connection.kind) < URGENCY.indexOf(worst.kind)) worst = connection;
  }
  return worst;
}

/** Whether traffic can flow now. */
export function isUp(connection: Connection): boolean {
  return connection.kind === 'connected' || connection.kind === 'degraded';
}
