/** The connections table: rows, the stream that keeps them, and applying its messages. */
import * as z from 'zod';
import { MAX_CONNECTION_ROWS } from './limits.ts';
import { carrierSchema } from './profile.ts';
import { countSchema, idSchema, listenPortSchema, rateSchema, timeSchema } from './schema.ts';

/** SOCKS5 names have at most 255 octets (RFC 1928 §5). */
const MAX_TARGET = 255;

/** One connection, or one UDP association. */
export const connectionRowSchema = z.strictObject({
  /** Unique in this run of the host. */
  id: idSchema,
  profileId: idSchema,
  ruleId: idSchema,
  protocol: z.enum(['tcp', 'udp']),
  /**
   * As asked for, name or not; an empty host is the server itself. null: not known yet (a dynamic port still asks), or,
   * of a UDP association of a SOCKS client, many.
   */
  target: z.strictObject({ host: z.string().max(MAX_TARGET), port: listenPortSchema }).nullable(),
  /** `held` waits for a carrier. */
  state: z.enum(['opening', 'open', 'held']),
  /** What carries it; null while nothing does. */
  transport: carrierSchema.nullable(),
  openedAt: timeSchema,
  /** How often its session was taken up again since it opened, and bytes that were sent again for that. */
  resumes: countSchema,
  replayedBytes: countSchema,
  sent: countSchema,
  received: countSchema,
  up: rateSchema,
  down: rateSchema,
});
export type ConnectionRow = z.infer<typeof connectionRowSchema>;

/** `[id, sent, received, up, down]`: what moves, without the rest of the row. */
export const connectionTickSchema = z.tuple([idSchema, countSchema, countSchema, rateSchema, rateSchema]);

/** First the snapshot, then changes. Rows beyond the cap are not sent; `total` counts them. */
export const connectionEventSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('snapshot'),
    total: countSchema,
    rows: z.array(connectionRowSchema).max(MAX_CONNECTION_ROWS),
  }),
  z.strictObject({
    kind: z.literal('patch'),
    total: countSchema,
    /** New ones, and those of which more than the figures changed. */
    upsert: z.array(connectionRowSchema).max(MAX_CONNECTION_ROWS),
    ticks: z.array(connectionTickSchema).max(MAX_CONNECTION_ROWS),
    remove: z.array(idSchema).max(MAX_CONNECTION_ROWS),
  }),
]);
export type ConnectionEvent = z.infer<typeof connectionEventSchema>;

export interface ConnectionTable {
  readonly total: number;
  readonly rows: ReadonlyMap<string, ConnectionRow>;
}
export const NO_CONNECTIONS: ConnectionTable = { total: 0, rows: new Map() };

/**
 * The table after a message; the given one is left as it is, and rows that did not change keep their identity.
 * Removes come first, so that an id in both lists stays. Ticks for unknown ids are ignored.
 */
export function applyConnections(table: ConnectionTable, event: ConnectionEvent): ConnectionTable {
  if (event.kind === 'snapshot') {
    return { total: event.total, rows: new Map(event.rows.map((row) => [row.id, row])) };
  }
  const rows = new Map(table.rows);
  for (const id of event.remove) rows.delete(id);
  for (const row of event.upsert) rows.set(row.id, row);
  for (const [id, sent, received, up, down] of event.ticks) {
    const row = rows.get(id);
    if (row !== undefined) rows.set(id, { ...row, sent, received, up, down });
  }
  return { total: event.total, rows };
}
