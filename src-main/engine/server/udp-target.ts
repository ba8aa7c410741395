import { isIP, isIPv6 } from 'node:net';
import { formatHostPort } from '../base/address.ts';
import { afterThisTurn } from '../base/clock.ts';
import { systemCode } from '../base/errors.ts';
import { udpIdleMsFor } from '../config.ts';
import type { IncomingStream } from '../mux/muxer-options.ts';
import type { Target } from '../mux/types.ts';
import { type DatagramFailure, DatagramPump } from '../pump/datagram-pump.ts';
import { DatagramQueue } from '../pump/datagram-queue.ts';
import { UdpSocket } from '../pump/udp-socket.ts';
import { failureOf, isLookupName, LOOPBACK } from './outbound-failure.ts';
import type { Association, AssociationOptions } from './udp-options.ts';

/**
 * Datagrams to and from one target. The socket is connected: it hears nobody else, and learns when the target's
 * system answers that nobody listens there (ICMP port unreachable), which goes back to the client. That does not end
 * it (RFC 4787 REQ-12): whoever listens there may be restarting.
 *
 * Of several addresses the first is used. Whether it is the right one only its answer tells, so as long as there is
 * none, and it says that nobody listens, the next one is used.
 */
export class UdpTarget implements Association {
  private readonly incoming: IncomingStream;
  private readonly target: Target;
  private readonly options: AssociationOptions;
  private readonly pump: DatagramPump;
  /** What came before the socket stood. */
  private readonly early: DatagramQueue<Buffer>;
  private socket: UdpSocket | undefined;
  private others: string[] = [];
  private answered = false;
  /** Sent again to the next address, while there is one. */
  private last: Buffer | undefined;

  constructor(incoming: IncomingStream, target: Target, options: AssociationOptions) {
    this.incoming = incoming;
    this.target = target;
    this.options = options;
    const { limits, clock, tally, budget } = options;
    this.early = new DatagramQueue({
      maxBytes: limits.udpQueueBytes,
      budget,
      lateMs: limits.udpLateMs,
      clock,
      onDropped: (count) => tally.dropped(count),
    });
    this.pump = new DatagramPump({
      addressed: false,
      limits,
      idleMs: udpIdleMsFor(limits, target.port),
      clock,
      defer: afterThisTurn,
      tally,
      budget,
      onDatagram: (payload) => this.toTarget(payload),
      onOver: () => this.over(),
    });
    incoming.stream.listen(this.pump);
    this.pump.attach(incoming.stream);
    void this.open();
  }

  close(): void {
    this.pump.close();
  }

  private get where(): string {
    return `${formatHostPort(this.target.host || 'the server itself', this.target.port)}/udp`;
  }

  private async open(): Promise<void> {
    const { host } = this.target;
    if (host !== '' && isIP(host) === 0 && !isLookupName(host)) {
      return this.incoming.fail('nameNotFound', 'the host name is malformed');
    }
    try {
      this.others =
        host === '' ? [...LOOPBACK] : isIP(host) ? [host] : [...(await this.options.lookup(host))];
    } catch (error) {
      return this.refuse(error);
    }
    await this.next(undefined);
  }

  /** Goes to the next address that can be reached; `reason` why the first could not, if it could not. */
  private async next(reason: unknown): Promise<void> {
    const address = this.others.shift();
    if (this.pump.isOver) return;
    if (address === undefined) return this.refuse(reason ?? new Error('the name has no address'));
    const socket = new UdpSocket(isIPv6(address) ? 6 : 4, {
      onMessage: (message) => this.fromTarget(message),
      onError: (error) => this.failed(error),
    });
    this.socket?.close();
    this.socket = undefined;
    try {
      await socket.connect(address, this.target.port);
    } catch (error) {
      socket.close();
      return this.next(reason ?? error);
    }
    if (this.pump.isOver) return socket.close();
    this.socket = socket;
    this.incoming.accept();
    const { last } = this;
    this.last = undefined;
    if (last !== undefined) this.toTarget(last);
    for (let early = this.early.shift(); early !== undefined; early = this.early.shift())
      this.toTarget(early);
  }

  private toTarget(payload: Buffer): void {
    if (this.socket === undefined) {
      // A copy: the view may be of a whole record.
      this.early.push(Buffer.from(payload), payload.length);
      return;
    }
    if (this.others.length > 0 && !this.answered) this.last = Buffer.from(payload);
    if (!this.socket.send([payload])) this.options.tally.dropped();
  }

  private fromTarget(message: Buffer): void {
    this.answered = true;
    this.last = undefined;
    this.pump.send(message);
  }

  private failed(error: Error): void {
    const failure: DatagramFailure = failureOf(error);
    if (failure === 'refused' && !this.answered && this.others.length > 0) {
      void this.next(error);
      return;
    }
    this.options.log.debug(() => `${this.where}: ${systemCode(error) ?? error.message}`);
    if (failure !== 'refused') this.options.tally.dropped();
    this.pump.sendFailure(failure);
  }

  /** Nothing could be reached. If it could before, the client has it open and learns it as of a datagram. */
  private refuse(reason: unknown): void {
    const error = reason instanceof Error ? reason : new Error(String(reason));
    this.incoming.fail(failureOf(error), `${this.where}: ${systemCode(error) ?? error.message}`);
    this.pump.sendFailure(failureOf(error));
    this.pump.close();
  }

  private over(): void {
    this.socket?.close();
    this.early.clear();
    this.options.onOver(this);
  }
}
