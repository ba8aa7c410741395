/** Streams: the state, figures, connections, log. Each ends when its reader stops reading or the pipe closes. */
import * as z from 'zod';
import { connectionEventSchema } from './connections.ts';
import { call, nothing, stream } from './contract-base.ts';
import {
  MAX_CONNECTION_ROWS,
  MAX_DAYS,
  MAX_EXPORT_CHUNK,
  MAX_LOG_LINES,
  MAX_STATS_HZ,
  MIN_STATS_HZ,
} from './limits.ts';
import { logEventSchema, logFilterSchema } from './logs.ts';
import { stateEventSchema } from './patch.ts';
import { countSchema, idSchema } from './schema.ts';
import { graphWindowSchema, logLevelSchema } from './settings.ts';
import { dayTotalsSchema, historySchema, sampleSchema, scopeSchema } from './stats.ts';

const hz = z.number().min(MIN_STATS_HZ).max(MAX_STATS_HZ);

export const stateContract = {
  /** A snapshot at once, then patches, at most 20 messages a second: what changes in between is sent together. */
  watch: call.output(stream(stateEventSchema)),
};

export const statsContract = {
  /** Samples at `hz`; `rulesOf` adds those of one profile's rules. */
  live: call.input(z.strictObject({ hz, rulesOf: idSchema.nullable() })).output(stream(sampleSchema)),
  /** What a graph begins with. The step under way is its last point. */
  history: call
    .input(z.strictObject({ scope: scopeSchema, window: graphWindowSchema }))
    .output(historySchema),
  /** Bytes per day; null: of all profiles together. */
  daily: call
    .input(z.strictObject({ profileId: idSchema.nullable(), days: z.int().min(1).max(MAX_DAYS) }))
    .output(dayTotalsSchema),
};

export const connectionsContract = {
  /** The table, then its changes at most `hz` times a second; null: of all profiles. */
  watch: call
    .input(z.strictObject({ profileId: idSchema.nullable(), hz }))
    .output(stream(connectionEventSchema)),
  /** Resets those that are still there. Answers how many. */
  close: call
    .input(z.strictObject({ ids: z.array(idSchema).min(1).max(MAX_CONNECTION_ROWS) }))
    .output(z.strictObject({ closed: countSchema })),
  /** Resets all, also those that the table does not show; null: of all profiles. */
  closeAll: call
    .input(z.strictObject({ profileId: idSchema.nullable() }))
    .output(z.strictObject({ closed: countSchema })),
};

export const logsContract = {
  /** The newest `tail` lines, oldest first, in several messages, then what comes. Filtering is the page's. */
  watch: call
    .input(z.strictObject({ level: logLevelSchema, tail: z.int().min(0).max(MAX_LOG_LINES) }))
    .output(stream(logEventSchema)),
  clear: call.output(nothing),
  /**
   * The lines that the filter lets through as text, with secrets, host names of rules and user names removed, in
   * pieces to be joined; the last one ends the stream.
   */
  export: call
    .input(z.strictObject({ filter: logFilterSchema }))
    .output(stream(z.strictObject({ text: z.string().max(MAX_EXPORT_CHUNK) }))),
};
