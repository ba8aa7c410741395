import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CulvertError } from '../engine/index.ts';

/** Bytes of one answer's piece, and how fast *Try it* moves data: enough to see, too little to warm the machine. */
const PIECE = Buffer.alloc(32 << 10, 'culvert ');
const TICK_MS = 100;
/** The load goes up and down over so many ticks, so that the graph moves. */
const WAVE_TICKS = 80;
const MAX_PIECES = 12;
const FIRST_BYTE_MS = 8_000;

/** The small web site that *Try it on this machine* leads to. */
export class TryTarget {
  private readonly server = createServer((request, response) => this.answer(request, response));

  /** Listens on loopback at any free port; gives it. */
  async start(): Promise<number> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const pieces = /^\/data\?pieces=(\d{1,3})$/.exec(request.url ?? '')?.[1];
    request.resume();
    if (pieces !== undefined) {
      request.on('end', () =>
        response.end(Buffer.concat(Array.from({ length: Number(pieces) }, () => PIECE))),
      );
      return;
    }
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    response.end('Hello. This page came through the tunnel: you -> Culvert -> server -> this small site.\n');
  }
}

/** Asks the target for data through the forward at `port`, in waves, until it is stopped. */
export class TryTraffic {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 2 });
  private readonly port: number;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private tick = 0;

  constructor(port: number) {
    this.port = port;
  }

  /** Resolves at the first byte that came through. Rejects with ERR_CARRIER_TIMEOUT when none comes in time. */
  async start(): Promise<void> {
    const late = AbortSignal.timeout(FIRST_BYTE_MS);
    for (;;) {
      try {
        await this.ask(1, late);
        break;
      } catch (cause) {
        if (this.stopped) throw new CulvertError('ERR_CLOSED', 'stopped', { cause });
        if (late.aborted) {
          throw new CulvertError('ERR_CARRIER_TIMEOUT', 'nothing came through the tunnel in time', { cause });
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    this.timer = setInterval(() => this.beat(), TICK_MS);
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
    this.agent.destroy();
  }

  private beat(): void {
    this.tick++;
    const wave = (1 + Math.sin((this.tick * 2 * Math.PI) / WAVE_TICKS)) / 2;
    // A tunnel that is down or slow: no queue of requests behind it.
    if (Object.values(this.agent.sockets).flat().length >= 2) return;
    this.ask(1 + Math.round(wave * MAX_PIECES)).catch(() => {});
  }

  private async ask(pieces: number, signal?: AbortSignal): Promise<void> {
    const { agent, port } = this;
    const asked = request({
      agent,
      port,
      signal,
      host: '127.0.0.1',
      method: 'POST',
      path: `/data?pieces=${pieces}`,
    });
    asked.end(PIECE.subarray(0, 1024 * pieces));
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    for await (const _ of response);
  }
}
