import type { Clock } from '../base/clock.ts';
import type { Lookup } from './udp-names.ts';

/** How long an answer is believed, ms. */
const LIFETIME_MS = 60_000;
/** Names remembered; the one asked for first makes room. */
const MAX_NAMES = 1024;

/**
 * One lookup for all who ask for the same name while it is under way or its answer young. A resolver behind a forward
 * to a name makes an association per query, and the process has few threads to look names up. Failures are not kept.
 */
export function sharedLookup(lookup: Lookup, clock: Clock): Lookup {
  const answers = new Map<string, { answer: ReturnType<Lookup>; at: number }>();
  return (name) => {
    const known = answers.get(name);
    if (known !== undefined && clock.now() - known.at <= LIFETIME_MS) return known.answer;
    const entry = { answer: lookup(name), at: clock.now() };
    answers.delete(name);
    answers.set(name, entry);
    for (const oldest of answers.keys()) {
      if (answers.size <= MAX_NAMES) break;
      answers.delete(oldest);
    }
    entry.answer.catch(() => {
      if (answers.get(name) === entry) answers.delete(name);
    });
    return entry.answer;
  };
}
