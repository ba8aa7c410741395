/** Figures that move: live samples, what a graph shows, and totals per day. They never travel with the state. */
import * as z from 'zod';
import { MAX_DAYS, MAX_PROFILES, MAX_RULES } from './limits.ts';
import { countSchema, durationSchema, idSchema, rateSchema, timeSchema } from './schema.ts';
import type { GraphWindow } from './settings.ts';

/** `up` is towards the server, `down` from it; bytes per second of stream data. */
const rates = { up: rateSchema, down: rateSchema };

export const profileSampleSchema = z.strictObject({
  id: idSchema,
  ...rates,
  /** Bytes since the profile was switched on. */
  sent: countSchema,
  received: countSchema,
  /** Open now. */
  connections: countSchema,
  rttMs: durationSchema.nullable(),
});
export type ProfileSample = z.infer<typeof profileSampleSchema>;

export const ruleSampleSchema = z.strictObject({
  id: idSchema,
  ...rates,
  sent: countSchema,
  received: countSchema,
  /** Open now, ever, and those that failed. */
  active: countSchema,
  total: countSchema,
  failed: countSchema,
});
export type RuleSample = z.infer<typeof ruleSampleSchema>;

/** One message of the statistics stream. */
export const sampleSchema = z.strictObject({
  at: timeSchema,
  /** Of all profiles together. */
  total: z.strictObject({ ...rates, connections: countSchema }),
  /** Those that are on, whatever they carry. */
  profiles: z.array(profileSampleSchema).max(MAX_PROFILES),
  /** Those of the profile that was asked for. */
  rules: z.array(ruleSampleSchema).max(MAX_RULES),
  /** The embedded server; null while it is off. */
  server: z.strictObject({ ...rates, clients: countSchema, connections: countSchema }).nullable(),
});
export type Sample = z.infer<typeof sampleSchema>;

/** Whose graph: of all profiles, of the embedded server, or of one profile. */
export const scopeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('total') }),
  z.strictObject({ kind: z.literal('server') }),
  z.strictObject({ kind: z.literal('profile'), id: idSchema }),
]);
export type Scope = z.infer<typeof scopeSchema>;

/** Steps of the three graphs. Each point is the mean rate over its step. */
export const HISTORY: Readonly<Record<GraphWindow, { readonly stepMs: number; readonly points: number }>> = {
  '1m': { stepMs: 100, points: 600 },
  '15m': { stepMs: 1_000, points: 900 },
  '1h': { stepMs: 5_000, points: 720 },
};
export const MAX_HISTORY_POINTS = 900;

const points = z.array(rateSchema.nullable()).max(MAX_HISTORY_POINTS);
/** Point `i` covers `start + i × stepMs` and the step behind it. null is a gap: nothing was measured, which is not 0. */
export const historySchema = z
  .strictObject({ start: timeSchema, stepMs: durationSchema.min(1), up: points, down: points })
  .refine(({ up, down }) => up.length === down.length, 'columns of different length');
export type History = z.infer<typeof historySchema>;

/** Bytes of one day by the host's calendar. */
export const dayTotalSchema = z.strictObject({
  day: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
  sent: countSchema,
  received: countSchema,
});
export type DayTotal = z.infer<typeof dayTotalSchema>;
/** Oldest first; days without traffic are left out. */
export const dayTotalsSchema = z.array(dayTotalSchema).max(MAX_DAYS);
