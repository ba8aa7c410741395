import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Clock, RandomBytes } from '../base/clock.ts';
import { type FlightVerdict, KcpListener, udpListenError } from '../carrier/kcp/kcp-listener.ts';
import type { EngineConfig } from '../config.ts';
import type { UserKey } from '../crypto/keys.ts';
import { ReplayCache } from '../crypto/replay-cache.ts';
import type { Admission, Gate } from '../session/gate.ts';
import type { Session } from '../session/session.ts';
import { kcpFeature } from '../wire/hello.ts';

export interface KcpTunnelOptions {
  gate: Gate;
  users: readonly UserKey[];
  makeSession: (admission: Extract<Admission, { kind: 'new' }>) => Session | undefined;
  /** The port that clients are told; default the real one. */
  told: number | undefined;
  config: EngineConfig;
  clock: Clock;
  random: RandomBytes;
}

/** The server's side of KCP: first flights that come over UDP go through the same gate as all others. */
export class KcpTunnel {
  private readonly options: KcpTunnelOptions;
  private readonly listener: KcpListener;
  /** Ids of carriers that came: a refusal is said to each at its first datagram or never. */
  private readonly known: ReplayCache;
  private readonly openedAt: number;
  /** As clients are told, once it is open. */
  private port: number | undefined;

  constructor(options: KcpTunnelOptions) {
    this.options = options;
    const { config, clock, random } = options;
    this.openedAt = clock.wall();
    this.known = new ReplayCache({
      clock,
      lifetimeMs: 2 * config.clockSkewMs,
      capacity: config.replayEntries,
    });
    this.listener = new KcpListener({
      secrets: options.users.map(({ datagramKey }) => datagramKey),
      decide: (given) => this.decide(given),
      maxPeers: config.maxSessions,
      clock,
      random,
    });
  }

  /** Bits of the server's hello: that it takes KCP, and where. */
  get features(): number {
    return this.port === undefined ? 0 : kcpFeature(this.port);
  }

  /** Throws ERR_PORT_IN_USE, ERR_PORT_FORBIDDEN or ERR_LISTEN. */
  async listen(at: { host?: string; port: number }): Promise<{ address: string; port: number }> {
    const host = at.host === undefined ? undefined : await addressOf(at.host, at.port);
    const bound = await this.listener.listen({ host, port: at.port });
    this.port = this.options.told ?? bound.port;
    return bound;
  }

  /** No new carriers; the port closes when those there are gone. */
  close(): Promise<void> {
    return this.listener.close();
  }

  private decide({ id, clock, flight }: { id: string; clock: number; flight: Buffer }): FlightVerdict {
    // Every id counts as told from now on, or a recording of a flight that was taken would be refused aloud later.
    const mayRefuse = this.mayRefuse(id, clock);
    const admission = this.options.gate.admit(flight);
    switch (admission?.kind) {
      case 'new': {
        const session = this.options.makeSession(admission);
        if (session === undefined) return { kind: 'silence' };
        return { kind: 'taken', reply: admission.reply, take: (carrier) => session.attach(carrier, true) };
      }
      case 'attach': {
        const { session, attach } = admission;
        return { kind: 'taken', reply: undefined, take: (carrier) => session.resume(carrier, attach) };
      }
      case 'poll':
        return { kind: 'silence' };
      case undefined:
        return mayRefuse ? { kind: 'refused' } : { kind: 'silence' };
    }
  }

  /**
   * Whether a user's flight that the gate does not take is fresh: made just now, and not seen before. Then its client
   * is told, or it would try for ever to attach to a session that a restart has ended.
   */
  private mayRefuse(id: string, clock: number): boolean {
    const { config } = this.options;
    const ahead = clock - this.options.clock.wall();
    if (ahead > config.clockAheadMs || ahead < -config.clockSkewMs || clock < this.openedAt) return false;
    return this.known.accept(Buffer.from(id, 'latin1'));
  }
}

/** The listener takes addresses alone. */
async function addressOf(host: string, port: number): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    return (await lookup(host)).address;
  } catch (cause) {
    throw await udpListenError(host, port, cause);
  }
}
