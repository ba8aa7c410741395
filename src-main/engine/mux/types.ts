import type { CulvertError } from '../base/errors.ts';

/** Where a stream goes. An empty host means the server's own loopback address. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/**
 * Why a stream was not opened, as it crosses the wire (one byte). Each maps to a SOCKS5 reply code (RFC 1928 §6)
 * and to an HTTP status in the listeners.
 */
export const OPEN_FAILURES = {
  internal: 1,
  refused: 2,
  timeout: 3,
  hostUnreachable: 4,
  networkUnreachable: 5,
  nameNotFound: 6,
  denied: 7,
  limit: 8,
  unsupported: 9,
} as const;
export type OpenFailure = keyof typeof OPEN_FAILURES | 'noSession';

const FAILURE_NAMES = new Map<number, OpenFailure>(
  Object.entries(OPEN_FAILURES).map(([name, code]) => [code, name as OpenFailure]),
);

/** By its number on the wire; what is not known is `internal`. */
export function openFailureOf(code: number | undefined): OpenFailure {
  return FAILURE_NAMES.get(code ?? OPEN_FAILURES.internal) ?? 'internal';
}

/** Why a stream was cut, as it crosses the wire (one byte). */
export const RESET_REASONS = {
  reset: 1,
  timeout: 2,
  protocol: 3,
  shutdown: 4,
  sessionLost: 5,
} as const;
export type ResetReason = keyof typeof RESET_REASONS;

const RESET_NAMES = new Map<number, ResetReason>(
  Object.entries(RESET_REASONS).map(([name, code]) => [code, name as ResetReason]),
);

/** By its number on the wire; what is not known is `reset`. */
export function resetReasonOf(code: number): ResetReason {
  return RESET_NAMES.get(code) ?? 'reset';
}

/** What a stream tells its user. Every callback runs on the event loop turn that learnt of it. */
export interface StreamEvents {
  /** The far end connected to its target. Called at most once, before any `onData`. */
  onOpened?(): void;
  /** The far end did not connect. Nothing follows. */
  onOpenFailed?(failure: OpenFailure, message: string): void;
  /** Bytes, in order. The user calls `stream.consumed(chunk.length)` as it gets rid of them. */
  onData(chunk: Buffer): void;
  /**
   * Instead of `onData`, where given: the chunks of one frame together. True when their memory is no longer needed
   * (they have left the process).
   */
  onChunks?(chunks: readonly Buffer[]): boolean;
  /** The far end sent FIN: no more `onData`. Writing goes on (half-close). */
  onEnd(): void;
  /** The stream was cut, here or there. Nothing follows. */
  onReset(reason: ResetReason): void;
  /** `write` returned false earlier; now there is room. */
  onDrain?(): void;
  /** Both directions ended in order. Nothing follows. */
  onClosed?(): void;
}

/** Bytes a stream carried, from this end's view. */
export interface StreamCounters {
  sent: number;
  received: number;
}

/** Datagrams a stream carried, from this end's view. */
export interface DatagramCounters {
  sent: number;
  received: number;
  /** Not sent, or not handed on: too many waited, they were late, too long, or nobody took them. */
  dropped: number;
  /** Payloads of those sent and received: what a program would call its bytes. */
  sentBytes: number;
  receivedBytes: number;
}

/** One forwarded connection inside a session: the semantics of a TCP connection (invariant I5). */
export interface TunnelStream {
  readonly id: number;
  readonly target: Target | undefined;
  readonly counters: StreamCounters;
  /** Of a stream that carries datagrams. */
  readonly datagrams?: DatagramCounters | undefined;
  /** Replaces the listener of events; must be set before the turn in which the stream was made ends. */
  listen(events: StreamEvents): void;
  /**
   * Queues bytes; takes ownership of the buffer. Returns false when the caller should stop until `onDrain`
   * (the bytes of this call are queued all the same). Legal before `onOpened`: data may follow OPEN at once.
   */
  write(chunk: Buffer): boolean;
  /** Like `write`, but the buffer is the caller's again when it returns. */
  writeBorrowed(chunk: Buffer): boolean;
  /** Sends FIN after what is queued. Idempotent. */
  end(): void;
  /** Cuts the stream: what is queued is dropped, the far end gets a reset. Idempotent. */
  reset(reason: ResetReason): void;
  /** The user disposed of `bytes` received bytes: grants credit to the sender. */
  consumed(bytes: number): void;
}

/** What a listener needs of the tunnel. */
export interface StreamOpener {
  /**
   * Opens a stream to `target` and returns at once, before the far end has connected; waits for a session up to
   * the dial timeout when there is none (then `onOpenFailed('noSession')`).
   */
  open(target: Target, events: StreamEvents, options?: OpenOptions): TunnelStream;
}

export interface OpenOptions {
  meter?: StreamMeter;
  /** What the far end speaks to the target: one of STREAM_PROTOCOL; default TCP. */
  protocol?: number;
  /** Where the datagrams of a UDP stream are counted. */
  datagrams?: DatagramCounters;
  /** Nobody waits for `onOpened` (data goes out at once anyway): it may come a little later, which saves a record. */
  lazy?: boolean;
}

/** Who counts streams, for example a forwarding rule. */
export interface StreamMeter {
  streamOpened(stream: TunnelStream): void;
  /** Also called when it never got a far end. */
  streamClosed(stream: TunnelStream, failed: boolean): void;
}

/** The error a failed open becomes where an exception is wanted. */
export type OpenError = CulvertError & { readonly failure: OpenFailure };
