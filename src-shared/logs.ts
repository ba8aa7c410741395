/** Log lines as they are kept, sent and filtered. */
import * as z from 'zod';
import { errorCodeSchema } from './errors.ts';
import { MAX_LOG_BATCH, MAX_LOG_TEXT } from './limits.ts';
import { countSchema, idSchema, timeSchema } from './schema.ts';
import { LOG_LEVELS, type LogLevel, logLevelSchema } from './settings.ts';

/** One line, with secrets removed already where it was made. */
export const logLineSchema = z.strictObject({
  /** Counts up by one; what is missing in between was dropped. */
  seq: countSchema,
  at: timeSchema,
  level: logLevelSchema,
  /** The part that speaks: `client`, `server`, `ws`, `host`. */
  scope: z.string().max(64),
  /** The profile it is about; null: none. */
  profileId: idSchema.nullable(),
  code: errorCodeSchema.nullable(),
  text: z.string().max(MAX_LOG_TEXT),
});
export type LogLine = z.infer<typeof logLineSchema>;

/** One message of the log stream: first the tail that was asked for, in several, then what comes. */
export const logEventSchema = z.discriminatedUnion('kind', [
  /** `live`: the tail is over, from here it is news. */
  z.strictObject({
    kind: z.literal('lines'),
    lines: z.array(logLineSchema).max(MAX_LOG_BATCH),
    live: z.boolean(),
  }),
  /** Everything shown is gone: somebody cleared the log. */
  z.strictObject({ kind: z.literal('cleared') }),
]);
export type LogEvent = z.infer<typeof logEventSchema>;

export const logFilterSchema = z.strictObject({
  /** This level and the more serious ones. */
  level: logLevelSchema,
  profileId: idSchema.nullable(),
  /** Words, each of which must stand in the line, whatever their case; empty: all lines. */
  text: z.string().max(200),
});
export type LogFilter = z.infer<typeof logFilterSchema>;

/** A test for lines. Made once per change of the filter: 100,000 lines go through it in one turn. */
export function logMatcher(filter: LogFilter): (line: LogLine) => boolean {
  const levels = new Set<LogLevel>(LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(filter.level) + 1));
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const { profileId } = filter;
  return (line) => {
    if (!levels.has(line.level) || (profileId !== null && line.profileId !== profileId)) return false;
    if (words.length === 0) return true;
    const text = `${line.scope} ${line.code ?? ''} ${line.text}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
}

/** One line of an exported log: `2026-11-25T13:00:00.000Z warn  client ERR_PROXY text`. */
export function printLogLine(line: LogLine): string {
  const time = new Date(line.at).toISOString();
  return `${time} ${line.level.padEnd(5)} ${line.scope}${line.code === null ? '' : ` ${line.code}`} ${line.text}`;
}
