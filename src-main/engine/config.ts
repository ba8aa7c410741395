/**
 * Every limit, default and lifetime of the engine (invariant I7): comment, unit, default and check together.
 * Sizes are bytes, times are milliseconds, unless the name says otherwise.
 */
import { CulvertError } from './base/errors.ts';

export interface EngineConfig {
  /** Sealed, unacknowledged bytes a session keeps for resending. Full: the streams wait (I4). */
  sendBufferBytes: number;
  /** Received records held because an earlier one is missing. Announced to the peer, who stays below it. */
  receiveBufferBytes: number;
  /** Cap of one stream's receive window: what a peer may have in flight to a reader that does not read (`-W`). */
  streamWindowBytes: number;
  /** Window every stream starts with, before autotuning; never above `streamWindowBytes`. */
  initialWindowBytes: number;
  /** Bytes a stream may queue before `write` asks its user to stop. */
  streamQueueBytes: number;
  /** Streams one session may have open at a time. */
  maxStreams: number;
  /** Sessions a server keeps, attached and detached. */
  maxSessions: number;
  /** How long a session without a carrier is kept. */
  detachedMs: number;
  /** A first flight's clock may be behind by this much. */
  clockSkewMs: number;
  /**
   * ... and ahead by this much: little, as a flight from the future could be replayed to a server that restarted
   * and forgot it. A client learns from `Date` that its clock is off, and corrects for it.
   */
  clockAheadMs: number;
  /** First flights remembered against replay; each lives `2 × clockSkewMs`. */
  replayEntries: number;
  /** Longest wait for a carrier to connect and answer the handshake. */
  connectTimeoutMs: number;
  /** Longest wait for a stream's far end, and for a session when there is none (`-t`). */
  dialTimeoutMs: number;
  /** A stream without traffic is closed after this; 0 = never (`-t`). */
  idleTimeoutMs: number;
  /** A carrier that heard nothing for this long is asked for a sign of life. */
  pingIntervalMs: number;
  /** ... and is dead when it does not answer within this. */
  pingTimeoutMs: number;
  /** The same two while data waits for acknowledgement: a dead path is noticed sooner under load. */
  stallProbeMs: number;
  /** Carriers one session may have at a time: the one in use, others on trial, and one that is being left. */
  maxCarriers: number;
  /** Received bytes are acknowledged at the latest after this. */
  ackDelayMs: number;
  /** ... or after this many bytes. */
  ackBytes: number;
  /** First reconnection delay; doubles up to `backoffMaxMs`, with jitter. */
  backoffMinMs: number;
  backoffMaxMs: number;
  /** After the loss of a carrier its successor is tried for so long at short intervals, before any backoff. */
  insistMs: number;
  /** A better transport that failed here is tried again after this; doubles up to `reprobeMaxMs`. */
  reprobeMinMs: number;
  reprobeMaxMs: number;
  /** Bytes per second of stream data, each way; 0 = no limit (`-T`). */
  throttleBytesPerSecond: number;
  /**
   * A UDP association on which nothing moves is closed after this (`-t`). Two minutes is the least that RFC 4787
   * REQ-5 allows a NAT, and what Linux keeps a flow with answers.
   */
  udpIdleMs: number;
  /** ... and one to port 53 after this, as REQ-5 allows there: each query of a resolver is one. */
  udpDnsIdleMs: number;
  /** UDP associations of one rule at a client (the one idle longest makes room), of one session at a server. */
  udpAssociations: number;
  /** UDP associations of a server in all. */
  udpAssociationsTotal: number;
  /** Targets, and names, one association remembers at the server; the one unused longest makes room. */
  udpTargets: number;
  /** Bytes of datagrams one association holds until they can be sent; the oldest are dropped for newer ones. */
  udpQueueBytes: number;
  /** ... and all associations of a server, or of a client, together. */
  udpQueueTotalBytes: number;
  /** A datagram that has waited this long is dropped: whoever sent it has sent another since. */
  udpLateMs: number;
  /** Longest graceful stop: streams get this long to finish. */
  drainMs: number;
}

export const DEFAULT_CONFIG: Readonly<EngineConfig> = {
  sendBufferBytes: 8 << 20,
  receiveBufferBytes: 8 << 20,
  streamWindowBytes: 1 << 20,
  initialWindowBytes: 256 << 10,
  streamQueueBytes: 128 << 10,
  maxStreams: 65_536,
  maxSessions: 4096,
  detachedMs: 10 * 60_000,
  clockSkewMs: 120_000,
  clockAheadMs: 5_000,
  replayEntries: 65_536,
  connectTimeoutMs: 15_000,
  dialTimeoutMs: 20_000,
  idleTimeoutMs: 0,
  pingIntervalMs: 25_000,
  pingTimeoutMs: 10_000,
  stallProbeMs: 3_000,
  maxCarriers: 16,
  ackDelayMs: 20,
  ackBytes: 512 << 10,
  backoffMinMs: 200,
  backoffMaxMs: 30_000,
  insistMs: 5_000,
  reprobeMinMs: 10_000,
  reprobeMaxMs: 5 * 60_000,
  throttleBytesPerSecond: 0,
  udpIdleMs: 120_000,
  udpDnsIdleMs: 15_000,
  udpAssociations: 1024,
  udpAssociationsTotal: 8192,
  udpTargets: 1024,
  udpQueueBytes: 256 << 10,
  udpQueueTotalBytes: 64 << 20,
  udpLateMs: 1_000,
  drainMs: 3_000,
};

const DNS_PORT = 53;

/** How long a UDP association to `port` is kept when nothing moves, ms. */
export function udpIdleMsFor(config: Pick<EngineConfig, 'udpIdleMs' | 'udpDnsIdleMs'>, port: number): number {
  return port === DNS_PORT ? Math.min(config.udpDnsIdleMs, config.udpIdleMs) : config.udpIdleMs;
}

/**
 * A server asks for a sign of life so many times later than its clients do: one of the two is enough, and both would
 * ask at the same moment, as they last heard each other at the same moment.
 */
const SERVER_LATER = 1.2;

export function serverPingMs({ pingIntervalMs }: Pick<EngineConfig, 'pingIntervalMs'>): number {
  return pingIntervalMs * SERVER_LATER;
}

const MIN_WINDOW = 4096;
const MAX_WINDOW = 1 << 30;

/** Merges and checks. Throws ERR_BAD_OPTION that names the option. */
export function resolveConfig(given: Partial<EngineConfig> = {}): EngineConfig {
  const config: EngineConfig = { ...DEFAULT_CONFIG };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(DEFAULT_CONFIG, name))
      throw new CulvertError('ERR_BAD_OPTION', `unknown engine option "${name}"`);
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new CulvertError('ERR_BAD_OPTION', `engine option ${name} is ${value}`, {
        remedy: 'give a whole number, 0 or more',
      });
    }
    config[name as keyof EngineConfig] = value;
  }
  if (config.streamWindowBytes < MIN_WINDOW || config.streamWindowBytes > MAX_WINDOW) {
    throw new CulvertError(
      'ERR_BAD_OPTION',
      `a write buffer of ${config.streamWindowBytes} bytes is out of range`,
      {
        remedy: `give ${MIN_WINDOW} to ${MAX_WINDOW}, for example -W 1048576`,
      },
    );
  }
  config.initialWindowBytes = Math.min(config.initialWindowBytes, config.streamWindowBytes);
  return config;
}
