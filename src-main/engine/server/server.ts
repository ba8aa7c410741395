import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { formatHostPort } from '../base/address.ts';
import { type Clock, flushTiming, type RandomBytes, systemClock, systemRandom } from '../base/clock.ts';
import { CulvertError } from '../base/errors.ts';
import { type Logger, silentLogger } from '../base/log.ts';
import { turns } from '../base/turns.ts';
import type { CarrierKind } from '../carrier/carrier.ts';
import { acceptWs, upgradeFlights } from '../carrier/ws-accept.ts';
import { type EngineConfig, resolveConfig, serverPingMs } from '../config.ts';
import type { UserKey } from '../crypto/keys.ts';
import { Muxer } from '../mux/muxer.ts';
import type { DatagramCounters } from '../mux/types.ts';
import { enableNative } from '../native/enable.ts';
import { DatagramTally } from '../pump/datagram-tally.ts';
import { endInOrder } from '../session/ending.ts';
import { type Admission, Gate } from '../session/gate.ts';
import { SessionRegistry } from '../session/registry.ts';
import { Session } from '../session/session.ts';
import { STREAM_PROTOCOL } from '../wire/frame.ts';
import { FEATURE } from '../wire/hello.ts';
import { type CoverSpec, createCover } from './cover.ts';
import { Front } from './front.ts';
import { HttpTunnel } from './http-tunnel.ts';
import { KcpTunnel } from './kcp-tunnel.ts';
import { dialTarget } from './outbound.ts';
import { UdpOutbound, type UdpOwner } from './udp-outbound.ts';

export interface ServerOptions {
  /** Absent host = all interfaces. Port 0 = any free one. */
  listen: { host?: string; port: number };
  /**
   * Where it takes KCP over UDP; absent = not at all. Port 0 = the number of the TCP port. `told`: the port that
   * clients are told, where something before the server translates it.
   */
  udp?: { host?: string; port: number; told?: number };
  /** At least one. */
  users: readonly UserKey[];
  cover?: CoverSpec;
  config?: Partial<EngineConfig>;
  log?: Logger;
  clock?: Clock;
  random?: RandomBytes;
}

/** One client's session as a person may see it. Bytes are stream data, from the server's view; of UDP with its framing. */
export interface ServerSessionStatus {
  /** Of the session, as hex. */
  id: string;
  /** When it began; wall clock, ms. */
  since: number;
  user: string;
  from: string | undefined;
  /** What carries it; undefined while it is detached. */
  transport: CarrierKind | undefined;
  streams: number;
  opened: number;
  sent: number;
  received: number;
  rttMs: number | undefined;
  resumes: number;
  resentBytes: number;
  /** UDP associations, which are streams too. */
  associations: number;
  datagrams: DatagramCounters;
}

/** The server: one listener; what is not a valid first flight belongs to the cover site (I1, I6). */
export class Server {
  private readonly config: EngineConfig;
  private readonly log: Logger;
  private readonly clock: Clock;
  private readonly random: RandomBytes;
  private readonly registry: SessionRegistry;
  private readonly gate: Gate;
  private readonly http: HttpTunnel;
  private readonly kcp: KcpTunnel | undefined;
  private readonly front: Front;
  private readonly listenAt: { host?: string; port: number };
  private readonly udpAt: ServerOptions['udp'];
  private readonly muxers = new Map<Session, Muxer>();
  private readonly begun = new WeakMap<Session, number>();
  private readonly udp: UdpOutbound;
  private readonly udpOwners = new WeakMap<Session, UdpOwner>();
  private closed = false;

  constructor(options: ServerOptions) {
    this.config = resolveConfig(options.config);
    this.log = options.log ?? silentLogger;
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? systemRandom;
    this.listenAt = options.listen;
    this.udpAt = options.udp;
    this.registry = new SessionRegistry(this.config, this.clock);
    this.gate = new Gate({
      users: options.users,
      registry: this.registry,
      clock: this.clock,
      random: this.random,
      clockSkewMs: this.config.clockSkewMs,
      clockAheadMs: this.config.clockAheadMs,
      replayEntries: this.config.replayEntries,
      windowBytes: this.config.initialWindowBytes,
      receiveBytes: this.config.receiveBufferBytes,
      keptMs: this.config.detachedMs,
      features: () => this.kcp?.features ?? 0,
    });
    this.udp = new UdpOutbound({ config: this.config, clock: this.clock, log: this.log.child('udp') });
    this.http = new HttpTunnel({
      gate: this.gate,
      makeSession: (admission) => this.makeSession(admission),
      clock: this.clock,
    });
    this.kcp =
      options.udp === undefined
        ? undefined
        : new KcpTunnel({
            gate: this.gate,
            users: options.users,
            makeSession: (admission) => this.makeSession(admission),
            told: options.udp.told,
            config: this.config,
            clock: this.clock,
            random: this.random,
          });
    this.front = new Front({
      cover: createCover(options.cover ?? { kind: 'none' }, { log: this.log.child('cover') }),
      claimUpgrade: (request, socket, head) => this.claimUpgrade(request, socket, head),
      claimRequest: (request) => this.http.claim(request),
      log: this.log,
    });
  }

  /** Throws ERR_PORT_IN_USE, ERR_PORT_FORBIDDEN or ERR_LISTEN; ERR_CLOSED when it was closed meanwhile. */
  async start(): Promise<{ address: string; port: number; udpPort?: number }> {
    const native = enableNative();
    const bound = await this.front.listen(this.listenAt);
    await native;
    this.mustRun();
    if (this.kcp === undefined || this.udpAt === undefined) return bound;
    try {
      const at = { host: this.udpAt.host, port: this.udpAt.port || bound.port };
      const udp = await this.kcp.listen(at);
      if (this.closed) await this.kcp.close();
      this.mustRun();
      return { ...bound, udpPort: udp.port };
    } catch (error) {
      this.front.destroy();
      throw error;
    }
  }

  private mustRun(): void {
    if (this.closed) throw new CulvertError('ERR_CLOSED', 'the server was stopped before it listened');
  }

  sessions(): ServerSessionStatus[] {
    return this.live.map(({ session, user }) => {
      const mux = this.muxers.get(session);
      const udp = this.udpOwners.get(session);
      return {
        id: session.id.toString('hex'),
        since: this.begun.get(session) ?? 0,
        user: user.name ?? user.id,
        from: session.carrier?.label,
        transport: session.carrier?.kind,
        streams: mux?.streams.size ?? 0,
        opened: mux?.stats.opened ?? 0,
        sent: mux?.stats.sent ?? 0,
        received: mux?.stats.received ?? 0,
        rttMs: session.stats.rttMs,
        resumes: session.stats.resumes,
        resentBytes: session.stats.resentBytes,
        associations: udp?.open ?? 0,
        datagrams: udp?.tally.counters ?? new DatagramTally().counters,
      };
    });
  }

  /** Ends one session with its connections; false when there is none of this id. Its client may come back. */
  disconnect(id: string): boolean {
    const found = this.live.find(({ session }) => session.id.toString('hex') === id);
    found?.session.close();
    return found !== undefined;
  }

  /** Those that have not ended. */
  private get live(): ReturnType<SessionRegistry['list']> {
    return this.registry.list().filter(({ session }) => !session.isEnded);
  }

  /** Stops accepting, lets streams finish for a while, then ends every session in order. */
  async close(): Promise<void> {
    this.closed = true;
    // Over HTTP each request may come on a new connection: without one nothing can finish, and nobody be told.
    const needsRequests = this.live.some(({ session }) => session.carrier?.kind === 'http');
    const closed = needsRequests ? undefined : this.front.close();
    for (const mux of this.muxers.values()) mux.goAway();
    // Nothing tells when an association has finished: none is waited for.
    this.udp.close();
    await this.drained();
    await Promise.all(this.live.map(({ session }) => this.end(session)));
    const silent = this.kcp?.close();
    this.front.destroy();
    await Promise.all([closed ?? this.front.close(), silent]);
  }

  private end(session: Session): Promise<void> {
    const settle = this.muxers.get(session)?.streams.size === 0;
    return endInOrder(session, { clock: this.clock, settle, settleMs: this.config.drainMs, asked: true });
  }

  private async drained(): Promise<void> {
    const until = this.clock.now() + this.config.drainMs;
    const busy = (): boolean => [...this.muxers.values()].some((mux) => mux.streams.size > 0);
    while (busy() && this.clock.now() < until) {
      await new Promise<void>((resolve) => this.clock.after(50, resolve));
    }
  }

  private claimUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): boolean {
    for (const flight of upgradeFlights(request)) {
      const admission = this.gate.admit(flight);
      // A POLL belongs into a request of its own.
      if (admission === undefined || admission.kind === 'poll') continue;
      if (admission.kind === 'attach') {
        const carrier = acceptWs(request, socket, head, { clock: this.clock });
        if (carrier !== undefined) admission.session.resume(carrier, admission.attach);
        return true;
      }
      const session = this.makeSession(admission);
      if (session === undefined) return false;
      const carrier = acceptWs(request, socket, head, { clock: this.clock, reply: admission.reply });
      if (carrier === undefined) session.destroy(new CulvertError('ERR_CARRIER_LOST', 'the client left'));
      else session.attach(carrier, true);
      return true;
    }
    return false;
  }

  private makeSession(admission: Extract<Admission, { kind: 'new' }>): Session | undefined {
    const { config, clock } = this;
    if (this.closed) return undefined;
    const log = this.log.child(`session ${admission.sessionId.toString('hex', 0, 4)}`);
    const session = new Session({
      id: admission.sessionId,
      sendSecret: admission.sendSecret,
      receiveSecret: admission.receiveSecret,
      limits: {
        ...config,
        sendBufferBytes: Math.min(config.sendBufferBytes, admission.hello.receiveBytes),
        pingIntervalMs: serverPingMs(config),
      },
      early: (admission.hello.features & FEATURE.early) !== 0,
      clock,
      random: this.random,
      defer: flushTiming(() => mux.streams.size),
      log,
    });
    if (!this.registry.add(session, admission.user)) {
      this.log.warn(`refused a client: ${config.maxSessions} sessions are open already`);
      return undefined;
    }
    // Once: a copy of so many fields costs more than a dial.
    const outbound = { ...config, clock };
    const udp: UdpOwner = { open: 0, tally: new DatagramTally() };
    const mux: Muxer = new Muxer({
      role: 'server',
      limits: config,
      peerWindowBytes: admission.hello.windowBytes,
      clock,
      rttMs: () => session.carrier?.windowRttMs ?? session.stats.minRttMs,
      onExchange: turns.follow,
      fault: (error) => session.destroy(error),
      progress: session.progress,
      wake: (now) => session.wake(now),
      onOpen: (incoming, target, protocol) => {
        const where = (): string => formatHostPort(target.host || 'this machine', target.port);
        log.debug(() => `stream ${incoming.stream.id} to ${where()}`);
        switch (protocol) {
          case STREAM_PROTOCOL.tcp:
            return dialTarget(incoming, target, outbound);
          case STREAM_PROTOCOL.udp:
          case STREAM_PROTOCOL.udpMany:
            return this.udp.serve(incoming, target, protocol, udp);
          default:
            return incoming.fail('unsupported', `this server does not know protocol ${protocol}`);
        }
      },
    });
    this.muxers.set(session, mux);
    this.begun.set(session, clock.wall());
    this.udpOwners.set(session, udp);
    session.use({
      pull: (limit, seq) => mux.pull(limit, seq),
      pullEarly: (limit, seq) => mux.pullEarly(limit, seq),
      onRecord: (pieces) => mux.onRecord(pieces),
      onSessionEnd: (error) => mux.destroy(error.code === 'ERR_CLOSED' ? 'shutdown' : 'sessionLost'),
    });
    session.watcher = {
      onActive: (carrier) => {
        this.registry.attached(session);
        log.info(`${carrier.label} (user ${admission.user.name ?? admission.user.id})`);
      },
      onCarrierLost: (carrier, reason, left) => {
        if (!left) this.registry.detached(session);
        log.info(`${carrier.label} is gone: ${reason.message}${left ? '' : '; the session is kept'}`);
      },
      onEnd: (error) => {
        // One that lingers has to be found by the request that it waits for.
        if (session.lingers) void session.gone.then(() => this.registry.remove(session));
        else this.registry.remove(session);
        this.muxers.delete(session);
        log.info(`ended: ${error.message}`);
      },
    };
    return session;
  }
}
