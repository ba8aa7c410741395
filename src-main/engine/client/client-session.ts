import { type Clock, flushTiming, type RandomBytes } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { turns } from '../base/turns.ts';
import type { EngineConfig } from '../config.ts';
import type { UserKey } from '../crypto/keys.ts';
import { Muxer } from '../mux/muxer.ts';
import { flightBlocks, type SessionGrant } from '../session/client-flight.ts';
import { Session } from '../session/session.ts';
import { serverTakesEarly } from '../wire/hello.ts';

/** What every part of the dialer needs. */
export interface DialContext {
  key: UserKey;
  config: EngineConfig;
  clock: Clock;
  random: RandomBytes;
  log: Logger;
}

/** A session that a server granted, and the streams in it. */
export interface ClientSession {
  readonly session: Session;
  readonly mux: Muxer;
  /** Of the server's hello. */
  readonly features: number;
}

/** Makes the client's end of a session; nobody watches it yet, and it has no carrier. */
export function makeClientSession(context: DialContext, grant: SessionGrant): ClientSession {
  const { config, clock, random, key, log } = context;
  const session = new Session({
    id: grant.hello.sessionId,
    sendSecret: grant.sendSecret,
    receiveSecret: grant.receiveSecret,
    flightBlock: flightBlocks(key, grant.hello.sessionId, random),
    limits: { ...config, sendBufferBytes: Math.min(config.sendBufferBytes, grant.hello.receiveBytes) },
    early: serverTakesEarly(grant.hello.features),
    clock,
    random,
    defer: flushTiming(() => mux.streams.size),
    log,
  });
  const mux: Muxer = new Muxer({
    role: 'client',
    limits: config,
    peerWindowBytes: grant.hello.windowBytes,
    peerFeatures: grant.hello.features,
    clock,
    rttMs: () => session.carrier?.windowRttMs ?? session.stats.minRttMs,
    onExchange: turns.follow,
    fault: (error) => session.destroy(error),
    progress: session.progress,
    wake: (now) => session.wake(now),
  });
  session.use({
    pull: (limit, seq) => mux.pull(limit, seq),
    pullEarly: (limit, seq) => mux.pullEarly(limit, seq),
    onRecord: (pieces) => mux.onRecord(pieces),
    onSessionEnd: (error) => mux.destroy(error.code === 'ERR_CLOSED' ? 'shutdown' : 'sessionLost'),
  });
  return { session, mux, features: grant.hello.features };
}
