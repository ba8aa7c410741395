import { randomFillSync } from 'node:crypto';
import { WebSocket } from 'ws';
import type { LatencyHistogram } from './histogram.ts';
import type { ClientCounters } from './status.ts';

/** How long opening, and the answer to the closing frame, may take each. */
const OPEN_TIMEOUT_MS = 30_000;
const CLOSE_TIMEOUT_MS = 15_000;

export interface ConnectionOptions {
  readonly url: string;
  readonly id: number;
  readonly messages: number;
  readonly size: number;
  /** Messages that may be on their way at once. */
  readonly window: number;
  readonly counters: ClientCounters;
  readonly latency: LatencyHistogram;
  /** Told each wrong echo and each break. */
  readonly problem: (text: string) => void;
}

/** What is wrong with an echo, in words; undefined when it is exact. */
export function wrongEcho(expected: Buffer, actual: unknown, isBinary: boolean): string | undefined {
  if (!isBinary || !Buffer.isBuffer(actual)) return 'text instead of binary';
  return expected.equals(actual) ? undefined : describeMismatch(expected, actual);
}

function describeMismatch(expected: Buffer, actual: Buffer): string {
  if (actual.length !== expected.length) return `${actual.length} bytes instead of ${expected.length}`;
  const ids = [actual.readUInt32BE(0), actual.readUInt32BE(4)];
  if (ids[0] !== expected.readUInt32BE(0)) return `a message that says it is of connection ${ids[0]}`;
  if (ids[1] !== expected.readUInt32BE(4)) return `a message that says it is number ${ids[1]}`;
  const at = expected.findIndex((byte, index) => byte !== actual[index]);
  return `byte ${at} of ${expected.length} is wrong`;
}

/**
 * One WebSocket connection that sends numbered random messages, a window of them at once, and checks that each
 * echo is exact and in order. Memory: window × size, allocated once.
 */
export class CheckedConnection {
  /** Settles when the connection is over, however; never rejects. */
  readonly over: Promise<void>;
  /** Settles as soon as it is open, or is over without having been. */
  readonly openedOrOver: Promise<void>;
  private readonly options: ConnectionOptions;
  private readonly socket: WebSocket;
  private readonly slots: Buffer[];
  private readonly sentAt: Float64Array;
  private sent = 0;
  private echoed = 0;
  private opened = false;
  private begun = false;
  private stopping = false;
  /** The outcome is known; what still happens on the socket is not counted again. */
  private settled = false;
  private closeTimer: NodeJS.Timeout | undefined;

  constructor(options: ConnectionOptions) {
    this.options = options;
    this.slots = Array.from({ length: options.window }, () => Buffer.allocUnsafe(options.size));
    this.sentAt = new Float64Array(options.window);
    options.counters.total++;
    this.socket = new WebSocket(options.url, {
      perMessageDeflate: false,
      handshakeTimeout: OPEN_TIMEOUT_MS,
      maxPayload: options.size,
    });
    let lastError = '';
    this.socket.on('open', () => this.onOpen());
    this.socket.on('message', (data, isBinary) => this.onMessage(data, isBinary));
    this.socket.on('error', (error) => {
      lastError = `: ${error.message}`;
    });
    this.over = new Promise((resolve) => {
      this.socket.on('close', (code) => {
        clearTimeout(this.closeTimer);
        this.onClose(code, lastError);
        resolve();
      });
    });
    this.openedOrOver = Promise.race([
      new Promise<void>((resolve) => {
        this.socket.once('open', () => resolve());
      }),
      this.over,
    ]);
  }

  /** Messages sent whose echo has not come. */
  get owed(): number {
    return this.sent - this.echoed;
  }

  /** Lets it send, now or when it is open. Idempotent. */
  begin(): void {
    if (this.begun) return;
    this.begun = true;
    if (this.opened && !this.settled) this.pump();
  }

  /** Sends no more, and closes when every echo owed has come. One not open by now has failed. */
  finish(): void {
    this.stopping = true;
    if (this.opened) this.pump();
    if (this.opened || this.settled) return;
    this.settled = true;
    this.options.counters.failed++;
    this.options.problem(`connection ${this.options.id} was not open when the time was up`);
    this.socket.terminate();
  }

  /** Ends at once; nothing that follows counts as an error. */
  abandon(): void {
    this.settled = true;
    this.socket.terminate();
  }

  /** Ends at once because the echoes owed did not come in time, which is an error. */
  giveUp(): void {
    if (!this.settled) this.fail(`${this.owed} echoes never came`);
  }

  private onOpen(): void {
    this.opened = true;
    this.options.counters.active++;
    this.options.counters.success++;
    if (this.begun) this.pump();
  }

  private pump(): void {
    const { messages, window, size, id, counters } = this.options;
    while (!this.stopping && this.sent < messages && this.owed < window) {
      const slot = this.sent % window;
      const message = this.slots[slot];
      randomFillSync(message);
      message.writeUInt32BE(id, 0);
      message.writeUInt32BE(this.sent >>> 0, 4);
      this.sentAt[slot] = performance.now();
      // The client copies while masking, so the slot may serve as what the echo is compared with.
      this.socket.send(message);
      this.sent++;
      counters.sent++;
      counters.bytes += size;
    }
    if (this.owed === 0 && (this.stopping || this.sent === messages)) this.closeDone();
  }

  private onMessage(data: unknown, isBinary: boolean): void {
    const { window, size, counters, latency } = this.options;
    // After a failure what follows is out of step anyway; while closing all echoes had come already.
    if (this.settled && this.closeTimer === undefined) return;
    if (this.owed === 0) {
      this.fail('an echo of nothing that was sent', true);
      return;
    }
    const slot = this.echoed % window;
    const wrong = wrongEcho(this.slots[slot], data, isBinary);
    if (wrong !== undefined) {
      this.fail(`message ${this.echoed} came back wrong: ${wrong}`);
      return;
    }
    const micros = (performance.now() - this.sentAt[slot]) * 1000;
    latency.record(micros);
    this.echoed++;
    counters.received++;
    counters.bytes += size;
    counters.latencyMicros += micros;
    this.pump();
  }

  private closeDone(): void {
    if (this.settled) return;
    this.settled = true;
    this.socket.close(1000);
    this.closeTimer = setTimeout(
      () => this.fail('the closing frame was not answered', true),
      CLOSE_TIMEOUT_MS,
    );
  }

  private onClose(code: number, lastError: string): void {
    if (this.opened) this.options.counters.active--;
    if (this.settled) return;
    this.settled = true;
    const { counters, id, problem } = this.options;
    if (!this.opened) {
      counters.failed++;
      problem(`connection ${id} did not open${lastError}`);
    } else {
      counters.errors++;
      problem(`connection ${id} broke (code ${code}${lastError}) with ${this.owed} echoes owed`);
    }
  }

  private fail(text: string, afterSettled = false): void {
    if (this.settled && !afterSettled) return;
    this.settled = true;
    this.options.counters.errors++;
    this.options.problem(`connection ${this.options.id}: ${text}`);
    this.socket.terminate();
  }
}
