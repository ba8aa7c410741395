/** Sizes and times that both ends of an HTTP carrier go by (bytes, ms). */

/** Longest body. Many gateways stop at 1 MB (nginx: 1 MiB). */
export const MAX_BODY = 1_000_000;
/** A body limit learnt from 413 is not believed below this. */
export const MIN_BODY = 8 << 10;
/** A request with a longer body is answered at once, so that its sender knows that it arrived. */
export const PARK_BODY = 4 << 10;
/** Requests of one carrier under way at a time, each on a connection of its own. */
export const MAX_LANES = 16;
/** ... of which this many may wait for data. */
export const MAX_POLLS = 12;
/** Requests a server keeps track of per carrier; a client never has so many. */
export const MAX_EXCHANGES = 64;
/** Answered and not known to have arrived: the server takes no more from the session beyond this. */
export const MAX_UNCONFIRMED = 16 << 20;
/** Beyond the hold, a request may take this long before it counts as lost. */
export const GRACE_MS = 10_000;
/** Longest hold. Real cuts are at 10, 30, 60, 100 and 125 s; beyond that nothing is gained. */
export const MAX_HOLD_MS = 110_000;
/** A carrier of which the server heard nothing for the hold and this long is gone. */
export const GONE_MS = 15_000;
/** How long an orderly close may take. */
export const CLOSE_MS = 2_000;
/** A streamed body holds at most this much that the kernel has not taken. */
export const STREAM_BACKLOG = 512 << 10;
/** ... is ended, and another begun, after this many bytes at most, */
export const STREAM_BYTES = 512 << 20;
/** ... after this long without data, */
export const STREAM_IDLE_MS = 4_000;
/** ... and given up when nothing of it was acknowledged for this long although something waits. */
export const STREAM_STALL_MS = 2_000;
