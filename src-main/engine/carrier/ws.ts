import { Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import { CulvertError } from '../base/errors.ts';
import { readShared } from '../base/socket-reader.ts';
import { type AnySocket, takeOver, watchSocket, writeParts } from '../native/any-socket.ts';
import { DirectSocket, MOST_READ_BYTES } from '../native/direct-socket.ts';
import { unpace } from '../native/local-pacing.ts';
import type { Carrier, CarrierEvents, CarrierRecord, CarrierStats, Flow } from './carrier.ts';
import { binaryHeader, closeFrame, pongFrame, WsFrameReader } from './ws-frame.ts';

/** Bytes waiting in this process for the kernel before the carrier says it is full. Beside it the kernel has its own. */
const FULL_AT = 512 << 10;
/** How long an orderly close may take before the socket is cut, ms. */
const CLOSE_MS = 2000;

/** Up to this a flush is copied into one buffer: cheaper than Node's way to a writev. */
const JOIN_BELOW = 4 << 10;

function join(header: Buffer, records: readonly CarrierRecord[], bytes: number): Buffer {
  const out = Buffer.allocUnsafe(header.length + bytes);
  let at = header.copy(out);
  for (const record of records) {
    for (const part of record.parts) at += part.copy(out, at);
    record.written();
  }
  return out;
}

function closed(text: string): CulvertError {
  return new CulvertError('ERR_CARRIER_LOST', text);
}

export interface WsCarrierOptions {
  socket: Socket;
  /** Bytes that arrived behind the upgrade. */
  head: Buffer;
  /** The client's end masks what it sends. */
  client: boolean;
  label: string;
  clock: Clock;
}

/** A WebSocket after its handshake, as a carrier: one flow of records for its whole life. */
export class WsCarrier implements Carrier {
  readonly kind = 'ws';
  readonly label: string;
  readonly stats: CarrierStats = { sent: 0, received: 0 };
  heardAt: number;
  private socket: AnySocket;
  private readonly client: boolean;
  private readonly clock: Clock;
  private readonly frames: WsFrameReader;
  private readonly head: Buffer;
  private events: CarrierEvents | undefined;
  private flow: Flow | undefined;
  private readonly unwritten: CarrierRecord[] = [];
  private closing = false;
  private gone = false;

  constructor(options: WsCarrierOptions) {
    const { socket } = options;
    this.socket = socket;
    this.head = options.head;
    this.client = options.client;
    this.label = options.label;
    this.clock = options.clock;
    this.heardAt = options.clock.now();
    this.frames = new WsFrameReader(
      {
        onPayload: (chunk) => this.flow?.push(chunk),
        // Not to a peer that pings and does not read: what waits for it stays bounded.
        onPing: (payload) => this.writable && this.socket.write(pongFrame(payload, this.client)),
        onCloseFrame: () => this.onPeerClose(),
      },
      !options.client,
    );
    socket.setNoDelay(true);
    socket.setTimeout(0);
    this.watch(socket);
  }

  private watch(socket: AnySocket): void {
    watchSocket(socket, {
      drain: () => {
        this.settle();
        this.events?.onWritable();
      },
      end: () => this.lost(closed('the WebSocket was closed by the peer')),
      error: (cause) =>
        this.lost(new CulvertError('ERR_CARRIER_LOST', `the WebSocket broke: ${cause.message}`, { cause })),
      close: () => {
        if (socket === this.socket) this.lost(closed('the WebSocket was closed'));
      },
    });
  }

  get writable(): boolean {
    return !this.gone && !this.closing && this.socket.writableLength < FULL_AT;
  }
  get buffered(): number {
    return this.socket.writableLength;
  }

  start(events: CarrierEvents): void {
    this.events = events;
    if (this.gone) {
      events.onClose(closed('the WebSocket was closed'));
      return;
    }
    this.flow = events.openFlow();
    if (this.head.length > 0) this.onBytes(this.head);
    if (this.gone) return;
    const { socket: given } = this;
    unpace(given);
    if (!(given instanceof Socket)) return;
    const take = (chunk: Buffer): boolean => this.onBytes(chunk);
    this.socket = takeOver(given, take) ?? readShared(given, take);
    if (this.socket !== given) this.watch(this.socket);
  }

  send(records: readonly CarrierRecord[]): void {
    if (this.gone || this.closing) return;
    const { socket } = this;
    let bytes = 0;
    for (const record of records) bytes += record.bytes;
    const header = binaryHeader(bytes, this.client);
    this.stats.sent += bytes + header.length;
    // A direct socket joins what is small by itself.
    if (bytes <= JOIN_BELOW && socket instanceof Socket) {
      writeParts(socket, [join(header, records, bytes)]);
      return;
    }
    const parts = [header];
    for (const record of records) {
      for (const part of record.parts) parts.push(part);
      this.unwritten.push(record);
    }
    writeParts(socket, parts);
    this.settle();
  }

  /** Nothing waits for the kernel: the memory of all that was sent is the session's again. */
  private settle(): void {
    if (this.socket.writableLength > 0 || this.gone) return;
    for (let record = this.unwritten.pop(); record !== undefined; record = this.unwritten.pop())
      record.written();
  }

  close(): void {
    if (this.gone || this.closing) return;
    this.closing = true;
    this.socket.end(closeFrame(1000, this.client));
    this.clock.after(CLOSE_MS, () => this.socket.destroy());
  }

  destroy(error: CulvertError): void {
    this.lost(error);
  }

  private onBytes(chunk: Buffer): boolean {
    this.heardAt = this.clock.now();
    this.stats.received += chunk.length;
    try {
      this.frames.push(chunk);
    } catch (error) {
      this.lost(
        error instanceof CulvertError
          ? error
          : new CulvertError('ERR_INTERNAL', `the WebSocket carrier failed: ${String(error)}`, {
              cause: error,
            }),
      );
    }
    const { socket } = this;
    if (socket instanceof DirectSocket) socket.readBytes = this.frames.nextRead(MOST_READ_BYTES);
    return true;
  }

  private onPeerClose(): void {
    if (!this.closing) this.socket.end(closeFrame(1000, this.client));
    this.closing = true;
    this.clock.after(CLOSE_MS, () => this.socket.destroy());
  }

  private lost(reason: CulvertError): void {
    if (this.gone) return;
    this.gone = true;
    this.socket.destroy();
    this.events?.onClose(reason);
  }
}
