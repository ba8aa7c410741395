import type { RemoteInfo } from 'node:dgram';
import { isIP, isIPv6 } from 'node:net';
import { formatHostPort } from '../base/address.ts';
import { afterThisTurn } from '../base/clock.ts';
import { systemCode } from '../base/errors.ts';
import type { IncomingStream } from '../mux/muxer-options.ts';
import type { Target } from '../mux/types.ts';
import { DatagramPump } from '../pump/datagram-pump.ts';
import { DatagramQueue } from '../pump/datagram-queue.ts';
import { UdpSocket } from '../pump/udp-socket.ts';
import { plainAddress } from '../wire/inet.ts';
import { failureOf } from './outbound-failure.ts';
import { type NameResult, UdpNames } from './udp-names.ts';
import type { Association, AssociationOptions } from './udp-options.ts';

/** Bytes of datagrams that wait for one name. */
const NAME_QUEUE_BYTES = 64 << 10;

/**
 * Datagrams to and from many targets, from one port per family: all targets see the same source, as RFC 4787 REQ-1
 * wants it. Heard are the addresses that were sent to, whatever their port (address-dependent filtering, REQ-8), so
 * that nobody else reaches the client. Such sockets do not learn of refusals: the kernel tells only connected ones.
 */
export class UdpAssociation implements Association {
  private readonly options: AssociationOptions;
  private readonly pump: DatagramPump;
  private readonly names: UdpNames;
  private readonly waiting = new Map<string, DatagramQueue<{ payload: Buffer; port: number }>>();
  /** Addresses that were sent to; the first has not been for the longest time. */
  private readonly targets = new Set<string>();
  private readonly sockets = new Map<4 | 6, UdpSocket>();

  constructor(incoming: IncomingStream, options: AssociationOptions) {
    this.options = options;
    const { limits, clock, lookup, tally, budget } = options;
    this.names = new UdpNames({ lookup, clock, maxNames: limits.udpTargets });
    this.pump = new DatagramPump({
      addressed: true,
      limits,
      idleMs: limits.udpIdleMs,
      clock,
      defer: afterThisTurn,
      tally,
      budget,
      onDatagram: (payload, address) => {
        if (address !== undefined) this.toTarget(payload, address);
      },
      onOver: () => this.over(),
    });
    incoming.stream.listen(this.pump);
    this.pump.attach(incoming.stream);
    incoming.accept();
  }

  close(): void {
    this.pump.close();
  }

  private toTarget(payload: Buffer, { host, port }: Target): void {
    if (port === 0) return this.pump.sendFailure('unsupported', { host, port });
    if (isIP(host) !== 0) return this.sendTo(payload, host, port);
    const known = this.names.get(host);
    if (known !== undefined) return this.named(payload, { host, port }, known);
    this.hold(payload, host, port);
    this.names.find(host, (result) => this.found(host, result));
  }

  private hold(payload: Buffer, name: string, port: number): void {
    const { limits, clock, budget } = this.options;
    let queue = this.waiting.get(name);
    if (queue === undefined) {
      queue = new DatagramQueue({
        maxBytes: Math.min(NAME_QUEUE_BYTES, limits.udpQueueBytes),
        budget,
        lateMs: limits.udpLateMs,
        clock,
        onDropped: (count) => this.dropped(count),
      });
      this.waiting.set(name, queue);
    }
    // A copy: the view may be of a whole record.
    queue.push({ payload: Buffer.from(payload), port }, payload.length);
  }

  private found(host: string, result: NameResult): void {
    const queue = this.waiting.get(host);
    this.waiting.delete(host);
    if (queue === undefined || this.pump.isOver) return;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      this.named(next.payload, { host, port: next.port }, result);
    }
  }

  private named(payload: Buffer, target: Target, result: NameResult): void {
    if ('address' in result) return this.sendTo(payload, result.address, target.port);
    this.dropped(1);
    this.options.log.debug(() => `${formatHostPort(target.host, target.port)}/udp: ${result.failure}`);
    this.pump.sendFailure(result.failure, target);
  }

  private sendTo(payload: Buffer, address: string, port: number): void {
    const host = plainAddress(address);
    this.targets.delete(host);
    this.targets.add(host);
    if (this.targets.size > this.options.limits.udpTargets) {
      for (const longest of this.targets) {
        this.targets.delete(longest);
        break;
      }
    }
    if (!this.socketFor(host).send([payload], { host, port })) this.dropped(1);
  }

  private socketFor(host: string): UdpSocket {
    const family = isIPv6(host) ? 6 : 4;
    const open = this.sockets.get(family);
    if (open !== undefined) return open;
    const socket = new UdpSocket(family, {
      onMessage: (message, from) => this.fromTarget(message, from),
      onError: (error) => this.failed(error),
    });
    this.sockets.set(family, socket);
    return socket;
  }

  private fromTarget(message: Buffer, from: RemoteInfo): void {
    const host = from.address.replace(/%.*$/, '');
    if (this.targets.has(host)) this.pump.send(message, { host, port: from.port });
    else this.dropped(1);
  }

  /** Which datagram failed, Node tells in the error. */
  private failed(error: Error): void {
    this.options.log.debug(() => `UDP association: ${systemCode(error) ?? error.message}`);
    const host = 'address' in error && typeof error.address === 'string' ? error.address : undefined;
    const port = 'port' in error && typeof error.port === 'number' ? error.port : undefined;
    this.dropped(1);
    if (host !== undefined && port !== undefined) this.pump.sendFailure(failureOf(error), { host, port });
  }

  private dropped(count: number): void {
    this.options.tally.dropped(count);
  }

  private over(): void {
    for (const socket of this.sockets.values()) socket.close();
    this.sockets.clear();
    for (const queue of this.waiting.values()) queue.clear();
    this.waiting.clear();
    this.options.onOver(this);
  }
}
