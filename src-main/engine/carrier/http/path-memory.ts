import { MAX_BODY, MAX_POLLS, MIN_BODY } from './limits.ts';

/** What was learnt about a path, as plain JSON: to be kept per server and network, and given to the next carrier. */
export interface PathMemory {
  /** When the path last showed that this holds: wall clock, ms since 1970. */
  at: number;
  /** When body limit and streams were last found out rather than remembered: wall clock. */
  checkedAt: number;
  /** How long a request may wait for its answer, ms. */
  holdMs: number;
  /** Where the path was seen to cut, ms. */
  cutAtMs?: number;
  /** Longest body, bytes. */
  bodyLimit: number;
  /** Requests that waited for data at a time. */
  polls: number;
  /** Whether responses, and requests, arrive as they are made. Absent = not known. */
  streamsDown?: boolean;
  streamsUp?: boolean;
}

/** Older memories are not believed: the network may have changed since. */
export const BELIEVED_MS = 24 * 3_600_000;
/** What limits the path is tried again after this long. */
export const RECHECK_MS = 10 * 60_000;

function inRange(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && value >= least && value <= most;
}

/**
 * A memory that was kept outside, read again. Undefined: it is none, or it is not believed any more. `now`: wall clock,
 * ms; a memory of the future is one of a clock that was wrong.
 */
export function readPathMemory(value: unknown, now: number): PathMemory | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const given: { [Name in keyof PathMemory]?: unknown } = value;
  const { at, checkedAt, holdMs, cutAtMs, bodyLimit, polls, streamsDown, streamsUp } = given;
  const day = BELIEVED_MS;
  if (!inRange(at, now - day, now) || !inRange(checkedAt, 0, now) || !inRange(holdMs, 1, day))
    return undefined;
  if (!inRange(bodyLimit, MIN_BODY, MAX_BODY) || !inRange(polls, 1, MAX_POLLS)) return undefined;
  const memory: PathMemory = { at, checkedAt, holdMs, bodyLimit: Math.floor(bodyLimit), polls };
  if (inRange(cutAtMs, 1, day)) memory.cutAtMs = cutAtMs;
  if (typeof streamsDown === 'boolean') memory.streamsDown = streamsDown;
  if (typeof streamsUp === 'boolean') memory.streamsUp = streamsUp;
  return memory;
}

/** What is believed of it on a network that may be another: a stream that does not flow costs seconds, the rest little. */
export function withoutStreams({ streamsDown: _, streamsUp: __, ...rest }: PathMemory): PathMemory {
  return rest;
}
