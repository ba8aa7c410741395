import type { Clock, RandomBytes } from '../base/clock.ts';
import type { CulvertError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Carrier } from '../carrier/carrier.ts';

/** Limits a session obeys; all sizes in bytes, times in milliseconds. */
export interface SessionLimits {
  sendBufferBytes: number;
  receiveBufferBytes: number;
  ackDelayMs: number;
  ackBytes: number;
  pingIntervalMs: number;
  pingTimeoutMs: number;
  stallProbeMs: number;
  /** Carriers attached at a time. */
  maxCarriers: number;
}

export interface SessionOptions {
  /** 8 bytes, chosen by the server. */
  id: Buffer;
  sendSecret: Buffer;
  receiveSecret: Buffer;
  /** The client's: a new block that leads the server to this session (see `flightBlocks` of client-flight.ts). */
  flightBlock?: () => Buffer;
  limits: SessionLimits;
  /** The peer takes early records; default: it does not. */
  early?: boolean;
  clock: Clock;
  random: RandomBytes;
  /** Runs `fn` once the events at hand are dealt with, so that what they bring leaves together. */
  defer: (fn: () => void) => void;
  log: Logger;
}

/** Plaintext of the next record. */
export interface RecordPlan {
  parts: Buffer[];
  length: number;
}

/** The layer above: the mux. */
export interface SessionUser {
  /** Gives at most `limit` bytes of frames for record `seq`, or nothing. */
  pull(limit: number, seq: number): RecordPlan | undefined;
  /** The same for an early record, which begins with EARLY (`wire/early.ts`). Absent: there are none. */
  pullEarly?(limit: number, seq: number): RecordPlan | undefined;
  /** One record of frames, in order (or early). True when nothing of it is kept, so that its memory may be given back. */
  onRecord(pieces: Buffer[]): boolean;
  /** The session is over. Called once. */
  onSessionEnd(error: CulvertError): void;
}

/** Those who look after carriers: the client's dialer, the server's registry. */
export interface SessionWatcher {
  /** `carrier` now carries what is sent. */
  onActive?(carrier: Carrier): void;
  /** The client's: the server has taken `carrier` for this session, and what it has by then is known. */
  onAttached?(carrier: Carrier): void;
  /** `carrier` has trouble on its path and goes on trying. */
  onDoubt?(carrier: Carrier): void;
  /** A carrier is gone; `left`: another is there that may be used. */
  onCarrierLost?(carrier: Carrier, reason: CulvertError, left: boolean): void;
  onEnd?(error: CulvertError): void;
}

export interface SessionStats {
  /** Payload and record bytes handed to carriers, resent ones included. */
  sentBytes: number;
  receivedBytes: number;
  resentBytes: number;
  /** Times the session went on over another carrier. */
  resumes: number;
  /** Last authenticated echo, ms; undefined before the first. */
  rttMs: number | undefined;
  /** The shortest on the carrier in use. */
  minRttMs: number | undefined;
}

export function newStats(): SessionStats {
  return {
    sentBytes: 0,
    receivedBytes: 0,
    resentBytes: 0,
    resumes: 0,
    rttMs: undefined,
    minRttMs: undefined,
  };
}
