import type { Clock } from '../base/clock.ts';
import type { CulvertError } from '../base/errors.ts';
import type { RecordProgress } from '../wire/early.ts';
import type { MuxStream } from './stream.ts';
import type { StreamIds } from './stream-ids.ts';
import type { OpenFailure, Target } from './types.ts';

export interface MuxLimits {
  streamWindowBytes: number;
  initialWindowBytes: number;
  streamQueueBytes: number;
  maxStreams: number;
  throttleBytesPerSecond: number;
  /** A stream opened here fails when the far end says nothing for this long. */
  dialTimeoutMs: number;
}

export interface MuxerOptions {
  /** Streams of the client have odd ids, of the server even ones. */
  role: 'client' | 'server';
  /** Default: from the bottom. */
  ids?: StreamIds;
  limits: MuxLimits;
  /** What the peer said its streams' windows start with, bytes. */
  peerWindowBytes: number;
  /** What the peer said it serves: bits of FEATURE; default TCP alone. */
  peerFeatures?: number;
  clock: Clock;
  /** The session's shortest round trip, ms, for the windows. */
  rttMs?: () => number | undefined;
  /** One more small message of an exchange: turns ought to be short for a while. False: the last exchange is over. */
  onExchange?: (goesOn: boolean) => void;
  /** Of the session's records; absent = all of them are ordinary. */
  progress?: RecordProgress;
  /** There is something to send. `now`: enough to be worth a record. */
  wake: (now: boolean) => void;
  /** The peer made this side exceed a limit: the session must end. */
  fault: (error: CulvertError) => void;
  /** The peer opens a stream. Absent: every OPEN is refused as unsupported. */
  onOpen?: (stream: IncomingStream, target: Target, protocol: number) => void;
}

/** A stream the peer opened, until its fate is known. */
export interface IncomingStream {
  readonly stream: MuxStream;
  accept(): void;
  fail(failure: Exclude<OpenFailure, 'noSession'>, message: string): void;
}

export interface MuxStats {
  opened: number;
  failed: number;
  sent: number;
  received: number;
}
