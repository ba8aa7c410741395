/** What the load generator counts. All only grow, but for `active`. */
export interface ClientCounters {
  active: number;
  total: number;
  success: number;
  failed: number;
  sent: number;
  received: number;
  /** Payload, both ways. */
  bytes: number;
  errors: number;
  /** Sum over all received messages. */
  latencyMicros: number;
}

/** What the echo server counts. */
export interface ServerCounters {
  readonly active: number;
  readonly total: number;
  readonly received: number;
  /** Payload, both ways. */
  readonly bytes: number;
}

export const NO_CLIENT_COUNTERS: Readonly<ClientCounters> = {
  active: 0,
  total: 0,
  success: 0,
  failed: 0,
  sent: 0,
  received: 0,
  bytes: 0,
  errors: 0,
  latencyMicros: 0,
};

export const NO_SERVER_COUNTERS: ServerCounters = { active: 0, total: 0, received: 0, bytes: 0 };

/** `=== 30.0s ===` */
export function headLine(elapsedSeconds: number): string {
  return `=== ${elapsedSeconds.toFixed(1)}s ===`;
}

/**
 * goflyway's line. Counts are totals; rates, bandwidth (MB/s, both ways) and mean latency are of the time since
 * `before`, `seconds` long.
 */
export function clientLine(now: ClientCounters, before: ClientCounters, seconds: number): string {
  const received = now.received - before.received;
  const latencyMs = received === 0 ? 0 : (now.latencyMicros - before.latencyMicros) / received / 1000;
  return (
    `CLIENT: Conns: ${now.active}/${now.total} (act/tot), Success: ${now.success}, Failed: ${now.failed}, ` +
    `Msgs: ${now.sent}→${now.received}, ` +
    `Rate: ${rate(now.sent - before.sent, seconds)}→${rate(received, seconds)} msg/s, ` +
    `BW: ${bandwidth(now.bytes - before.bytes, seconds)} MB/s, Errors: ${now.errors}, ` +
    `Latency: ${latencyMs.toFixed(2)} ms`
  );
}

/** As `clientLine`, for the echo server. */
export function serverLine(now: ServerCounters, before: ServerCounters, seconds: number): string {
  return (
    `SERVER: Conns: ${now.active}/${now.total} (act/tot), Msgs: ${now.received}, ` +
    `Rate: ${rate(now.received - before.received, seconds)} msg/s, ` +
    `BW: ${bandwidth(now.bytes - before.bytes, seconds)} MB/s`
  );
}

function rate(count: number, seconds: number): string {
  return (seconds > 0 ? count / seconds : 0).toFixed(1);
}

function bandwidth(bytes: number, seconds: number): string {
  return (seconds > 0 ? bytes / seconds / 1e6 : 0).toFixed(2);
}
