import type { RemoteInfo } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Clock } from '../base/clock.ts';
import { CulvertError, systemCode } from '../base/errors.ts';
import { listenError } from '../base/listen-error.ts';
import type { Logger } from '../base/log.ts';
import { Seldom } from '../base/seldom.ts';
import { udpIdleMsFor } from '../config.ts';
import type { StreamOpener, Target } from '../mux/types.ts';
import type { ByteBudget } from '../pump/datagram-queue.ts';
import type { DatagramTally } from '../pump/datagram-tally.ts';
import { UdpSocket } from '../pump/udp-socket.ts';
import { type BindAddress, ELSEWHERE, stoppedFirst } from './tcp-listener.ts';
import { type UdpLimits, UdpLink } from './udp-link.ts';

export interface UdpForwardOptions {
  target: Target;
  opener: StreamOpener;
  limits: UdpLimits;
  clock: Clock;
  log: Logger;
  tally: DatagramTally;
  budget: ByteBudget;
  /** What messages call it. */
  label: () => string;
}

/** After one association could not be opened no other is tried for this long, ms. */
const RETRY_MS = 1000;
/** Associations the server has not taken up yet. One takes a round trip: this many say that the way is blocked. */
const MAX_OPENING = 256;

/**
 * A static UDP forward: one local socket, and an association per address that sends to it. A refusal cannot be passed
 * on to the program, whose own socket is not connected to the target's: it is said in the log, and counted.
 */
export class UdpForward {
  private readonly options: UdpForwardOptions;
  private readonly links = new Map<string, UdpLink>();
  private readonly seldom: Seldom;
  private socket: UdpSocket | undefined;
  private retryAt = 0;
  private stopped = false;

  constructor(options: UdpForwardOptions) {
    this.options = options;
    this.seldom = new Seldom(() => options.clock.now());
  }

  /** Throws ERR_PORT_IN_USE, ERR_PORT_FORBIDDEN or ERR_LISTEN; ERR_CLOSED when it was stopped meanwhile. */
  async listen(bind: BindAddress): Promise<BindAddress> {
    try {
      if (bind.host !== '') {
        const { address, family } = await addressOf(bind.host);
        return await this.open(family, { host: address, port: bind.port });
      }
      try {
        return await this.open(6, { host: '::', port: bind.port }, true);
      } catch (cause) {
        // No IPv6 here; anything else is as it is.
        if (!['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL'].includes(systemCode(cause) ?? '')) throw cause;
        return await this.open(4, { host: '0.0.0.0', port: bind.port });
      }
    } catch (cause) {
      if (cause instanceof CulvertError) throw cause;
      throw await listenError({ protocol: 'udp', ...bind, ...ELSEWHERE }, cause);
    }
  }

  /** Takes no more datagrams, and ends its associations in order. */
  stop(): void {
    this.stopped = true;
    this.socket?.close();
    for (const link of this.links.values()) link.close();
    this.links.clear();
  }

  destroy(): void {
    this.stopped = true;
    this.socket?.close();
    for (const link of this.links.values()) link.destroy();
    this.links.clear();
  }

  private async open(family: number, bind: BindAddress, both = false): Promise<BindAddress> {
    const socket = new UdpSocket(
      family === 6 ? 6 : 4,
      {
        onMessage: (message, from) => this.fromProgram(message, from),
        onError: (error) => {
          this.options.tally.dropped();
          this.options.log.debug(() => `${this.options.label()}: ${systemCode(error) ?? error.message}`);
        },
      },
      both,
    );
    try {
      const bound = await socket.bind(bind.host, bind.port);
      if (this.stopped) throw stoppedFirst();
      this.socket = socket;
      return bound;
    } catch (cause) {
      socket.close();
      throw cause;
    }
  }

  private fromProgram(message: Buffer, from: RemoteInfo): void {
    const name = `${from.address} ${from.port}`;
    let link = this.links.get(name);
    if (link === undefined) {
      if (!this.hasRoom()) return this.options.tally.dropped();
      link = this.makeLink(name, { host: from.address, port: from.port });
      this.links.set(name, link);
    }
    link.send(message);
  }

  private makeLink(name: string, from: BindAddress): UdpLink {
    const { target, opener, limits, clock, tally, budget } = this.options;
    const say = (what: string, message: string): void => {
      if (this.seldom.may(what)) this.options.log.warn(`${this.options.label()}: ${what}${message}`);
    };
    return new UdpLink({
      opener,
      target,
      limits,
      idleMs: udpIdleMsFor(limits, target.port),
      clock,
      tally,
      budget,
      onDatagram: (payload) => {
        if (this.socket?.send([payload], from) !== true) tally.dropped();
      },
      onFailure: (failure) => {
        say(failure, failure === 'refused' ? ': nothing listens there' : ': a datagram was not delivered');
      },
      onOpenFailed: (failure, message) => {
        this.links.delete(name);
        this.retryAt = clock.now() + RETRY_MS;
        say(failure, message === '' ? '' : `: ${message}`);
      },
      onEnded: () => this.links.delete(name),
    });
  }

  /**
   * Whether another association may be opened. A forward serves whoever sends next: when it is full the one idle
   * longest goes. But not one that is being opened: while the way is blocked each new one would only add to what waits.
   */
  private hasRoom(): boolean {
    if (this.options.clock.now() < this.retryAt) return false;
    let oldest: [name: string, link: UdpLink] | undefined;
    let opening = 0;
    for (const entry of this.links) {
      if (!entry[1].isOpen) opening++;
      else if (oldest === undefined || entry[1].lastMs < oldest[1].lastMs) oldest = entry;
    }
    if (opening >= MAX_OPENING) return false;
    if (this.links.size < this.options.limits.udpAssociations) return true;
    if (oldest === undefined) return false;
    this.links.delete(oldest[0]);
    // Not in order: a FIN leaves after the OPEN of the new one, for which the server may have no room until then.
    oldest[1].destroy();
    return true;
  }
}

/** The socket takes addresses alone. */
async function addressOf(host: string): Promise<{ address: string; family: number }> {
  const family = isIP(host);
  return family === 0 ? lookup(host) : { address: host, family };
}
