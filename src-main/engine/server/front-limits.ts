/** Caps and lifetimes of the front (invariant I7). */
export interface FrontLimits {
  /** Connections at once; more are closed as they come. */
  readonly maxConnections: number;
  /** Bytes of a request head that a hook may see; a longer head is the cover's. */
  readonly maxHeadBytes: number;
  /**
   * How long a new connection may be silent before one to the cover is made for it, in ms: later than a tunnel's
   * client needs for its first flight, so that it costs the cover nothing; early enough for the cover's own time-out
   * for silent connections to seem its own.
   */
  readonly coverConnectDelayMs: number;
  /** How long a client may do nothing after the server side has ended, as the kernel's FIN_WAIT_2, in ms. */
  readonly lingerMs: number;
  /** Silence after which a connection of the tunnel's is closed, between requests or within one, in ms. */
  readonly tunnelIdleMs: number;
  /** Unanswered requests of the tunnel's on one connection; its client sends one at a time. */
  readonly maxPipelined: number;
  /** How long `close` waits for requests under way, in ms. */
  readonly drainMs: number;
  /** Silence that counts as the end of a response while draining, in ms. */
  readonly drainQuietMs: number;
}

export const FRONT_LIMITS: FrontLimits = {
  maxConnections: 16_384,
  maxHeadBytes: 64 * 1024,
  coverConnectDelayMs: 20,
  lingerMs: 60_000,
  tunnelIdleMs: 75_000,
  maxPipelined: 32,
  drainMs: 5_000,
  drainQuietMs: 300,
};
