import * as z from 'zod';
import { MAX_DAYS, MAX_PROFILES } from '../../src-shared/limits.ts';
import { countSchema, idSchema } from '../../src-shared/schema.ts';
import type { DayTotal } from '../../src-shared/stats.ts';
import { type Checked, JsonDocument, type OpenJsonFile } from './json-document.ts';
import { refuseNewer } from './migrations.ts';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const totalsSchema = z.strictObject({
  version: z.literal(1),
  /** By day, then by profile: bytes sent and received. */
  days: z.record(z.string().regex(DAY), z.record(idSchema, z.tuple([countSchema, countSchema]))),
});
type Totals = z.infer<typeof totalsSchema>;

function checkTotals(value: unknown): Checked<Totals> {
  refuseNewer(value, 1, 'the file of daily totals');
  const totals = totalsSchema.safeParse(value);
  return totals.success ? { kind: 'good', value: totals.data } : { kind: 'bad' };
}

/** Written this often while they grow, ms: a crash loses so much of a day's sum at most. */
const SAVE_MS = 60_000;

/** Bytes per profile and day by the host's calendar, for the last 90 days. */
export class DailyTotals {
  private readonly document: JsonDocument<Totals>;
  private readonly days: Map<string, Map<string, [number, number]>>;
  private timer: NodeJS.Timeout | undefined;
  private readonly onError: (error: unknown) => void;

  constructor(directory: string, files: OpenJsonFile, onError: (error: unknown) => void) {
    this.onError = onError;
    this.document = new JsonDocument(directory, 'totals', files, checkTotals);
    const { value } = this.document.load();
    const days = Object.entries(value?.days ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
    this.days = new Map(days.map(([day, profiles]) => [day, new Map(Object.entries(profiles))]));
    this.prune();
  }

  add(profileId: string, sent: number, received: number, at: number): void {
    if (sent === 0 && received === 0) return;
    const day = dayOf(at);
    let profiles = this.days.get(day);
    if (profiles === undefined) {
      profiles = new Map();
      this.days.set(day, profiles);
      this.prune();
    }
    const total = profiles.get(profileId);
    // Ids come and go; no day grows without bound.
    if (total === undefined && profiles.size >= 2 * MAX_PROFILES) return;
    profiles.set(profileId, [(total?.[0] ?? 0) + sent, (total?.[1] ?? 0) + received]);
    this.timer ??= setTimeout(() => this.flush(), SAVE_MS).unref();
  }

  /** Oldest first, of the last so many days; null: all profiles together. */
  read(profileId: string | null, days: number, now: number): DayTotal[] {
    const first = dayOf(now - (days - 1) * 86_400_000);
    return [...this.days].flatMap(([day, profiles]) => {
      if (day < first) return [];
      const own = profileId === null ? [...profiles.values()] : [profiles.get(profileId) ?? [0, 0]];
      const sent = own.reduce((sum, [bytes]) => sum + bytes, 0);
      const received = own.reduce((sum, [, bytes]) => sum + bytes, 0);
      return sent === 0 && received === 0 ? [] : [{ day, sent, received }];
    });
  }

  /** Saves what is not saved yet. */
  flush(): void {
    if (this.timer === undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    const days = [...this.days].map(([day, profiles]) => [day, Object.fromEntries(profiles)] as const);
    try {
      this.document.save({ version: 1, days: Object.fromEntries(days) });
    } catch (error) {
      this.onError(error);
    }
  }

  private prune(): void {
    for (const day of [...this.days.keys()].sort().slice(0, -MAX_DAYS)) this.days.delete(day);
  }
}

/** `2026-11-25` by the host's calendar. */
export function dayOf(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
