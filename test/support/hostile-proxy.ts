import {
  Agent,
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { Seeded } from './seeded.ts';
import { listenOn } from './tunnel-rig.ts';

/** What the proxy does wrong; shares are of all requests, in [0, 1]. */
export interface Hostility {
  /** The request is read, then the connection is cut. */
  loseRequest?: number;
  /** The request is read and nothing ever happens. */
  swallowRequest?: number;
  /** The server's answer is thrown away and the connection cut. */
  loseResponse?: number;
  /** The server gets the request twice, at once or in a row. */
  duplicate?: number;
  /** The answer ends early: with its full length announced, or with none. */
  truncate?: number;
  /** A gateway's error page instead of forwarding: 408, 429, 502, 503 or 504, some with `Retry-After`. */
  errorPage?: number;
  /** The same after forwarding: the server has the request, and its answer is lost. */
  lateErrorPage?: number;
  /** Only this error, with this `Retry-After`, s. */
  error?: { status: number; retryAfter?: number };
  /** A login page, with status 200. */
  loginPage?: number;
  /** The answer comes in small pieces. */
  trickle?: number;
  /** Longest delay before forwarding and before answering, ms; different ones reorder. */
  delayMs?: number;
  /** A request without an answer for so long gets 504 or is cut. */
  cutMs?: number;
  /** Bodies above this get 413. */
  maxBody?: number;
  /** Every connection is closed after its answer. */
  closeEach?: boolean;
  /** Each request goes to the server on a connection of its own, as with nginx's defaults. */
  connectEach?: boolean;
  /** Speaks HTTP/1.0, without lengths. */
  http10?: boolean;
  /** Bytes per second, each way. */
  bandwidth?: number;
  /** Bodies are handed on as they come, both ways, instead of whole. Of the rest only the next two apply then. */
  streams?: boolean;
  /** A streamed body stops in its midst: what follows is kept until its end. */
  stall?: number;
  /** A streamed body is cut in its midst. */
  cutStream?: number;
}

export interface ProxyCounts {
  requests: number;
  /** Of each kind of mischief. */
  [mischief: string]: number;
}

interface Whole {
  status: number;
  headers: OutgoingHttpHeaders;
  body: Buffer;
}

/** What gateways answer by themselves, as their pages say it. */
const GATEWAY_ERRORS: Readonly<Record<number, string>> = {
  408: 'Request Timeout',
  429: 'Too Many Requests',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Time-out',
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A reverse proxy that reads whole requests, then whole answers, and does wrong from a seed. */
export class HostileProxy {
  readonly counts: ProxyCounts = { requests: 0 };
  /** Requests under way. */
  open = 0;
  /** Chunked bodies, of requests and of answers, that are being read to their end. */
  readonly collecting = new Set<IncomingMessage>();
  /** Connections that have had no request so far. */
  readonly unused = new Set<Socket>();
  /** How long a connection was there before its first request, ms; of each that had one. */
  readonly ages: number[] = [];
  /** May be changed at any time. */
  hostility: Hostility;
  /** Requests that wait for `release`. */
  held = 0;
  private barrier: Promise<void> | undefined;
  private readonly since = new WeakMap<Socket, number>();
  private readonly seeded: Seeded;
  private readonly server: Server;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 64 });
  private targetPort = 0;

  constructor(seed: number, hostility: Hostility) {
    this.seeded = new Seeded(seed);
    this.hostility = hostility;
    this.server = createServer({ keepAliveTimeout: 60_000 }, (incoming, response) => {
      this.handle(incoming, response).catch(() => response.destroy());
    });
    this.server.on('connection', (socket) => {
      this.unused.add(socket);
      this.since.set(socket, performance.now());
      socket.once('close', () => this.unused.delete(socket));
    });
  }

  /** Returns its own port. */
  async start(targetPort: number): Promise<number> {
    this.targetPort = targetPort;
    return listenOn(this.server);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.agent.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** From now on requests are read and wait, until they are let go all together. */
  hold(): { release: () => void } {
    let open = (): void => {};
    const opens = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.barrier = opens;
    return { release: open };
  }

  /** What comes from now on passes; what waits goes on waiting. */
  pass(): void {
    this.barrier = undefined;
  }

  /** Cuts every client's connection, with whatever is on it. */
  cutAll(): void {
    this.server.closeAllConnections();
  }

  private does(what: keyof Hostility): boolean {
    const share = this.hostility[what];
    if (typeof share !== 'number' || !this.seeded.chance(share)) return false;
    this.count(what);
    return true;
  }

  private count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  private async handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { hostility, seeded } = this;
    this.counts.requests++;
    if (this.unused.delete(incoming.socket))
      this.ages.push(performance.now() - (this.since.get(incoming.socket) ?? 0));
    this.open++;
    response.once('close', () => this.open--);
    incoming.on('error', () => {});
    response.on('error', () => {});
    if (hostility.streams) return this.stream(incoming, response);
    const body = await this.collect(incoming);
    if (body === undefined) return;
    if (this.barrier !== undefined) {
      this.held++;
      await this.barrier;
      this.held--;
      if (response.destroyed) return;
    }
    await this.transfer(body.length);
    if (hostility.delayMs) await pause(seeded.unit() * hostility.delayMs);
    if (this.does('loseRequest')) return void response.destroy();
    if (this.does('swallowRequest')) return;
    if (body.length > (hostility.maxBody ?? Number.POSITIVE_INFINITY)) {
      this.count('tooLarge');
      return this.send(response, page(413, 'Request Entity Too Large'));
    }
    if (this.does('errorPage')) return this.send(response, this.errorPage());
    if (this.does('loginPage')) return this.send(response, page(200, 'Welcome to the hotel, please log in'));
    const answer = await this.ask(incoming, body);
    if (answer === undefined) return void response.destroy();
    if (answer === 'cut') {
      this.count('cut');
      if (seeded.chance(0.5)) return void response.destroy();
      return this.send(response, page(504, 'Gateway Time-out'));
    }
    if (this.does('lateErrorPage')) return this.send(response, this.errorPage());
    await this.transfer(answer.body.length);
    if (hostility.delayMs) await pause(seeded.unit() * hostility.delayMs);
    if (this.does('loseResponse')) return void response.destroy();
    await this.send(response, answer);
  }

  private errorPage(): Whole {
    const { seeded, hostility } = this;
    const statuses = Object.keys(GATEWAY_ERRORS).map(Number);
    const { status, retryAfter } = hostility.error ?? {
      status: seeded.pick(statuses),
      retryAfter: seeded.chance(0.2) ? seeded.int(0, 1) : undefined,
    };
    this.count(`status${status}`);
    const whole = page(status, GATEWAY_ERRORS[status] ?? 'Error');
    if (retryAfter !== undefined) whole.headers['retry-after'] = String(retryAfter);
    // RFC 9110 §15.5.9: who gave up waiting closes.
    if (status === 408) whole.headers.connection = 'close';
    return whole;
  }

  /** Hands on what comes as it comes. */
  private stream(incoming: IncomingMessage, response: ServerResponse): void {
    const { 'content-length': length, 'transfer-encoding': coding, ...headers } = incoming.headers;
    const outgoing = request({
      host: '127.0.0.1',
      port: this.targetPort,
      method: incoming.method,
      path: incoming.url,
      headers: {
        ...headers,
        connection: 'keep-alive',
        ...(coding === undefined ? { 'content-length': length ?? 0 } : { 'transfer-encoding': coding }),
      },
      agent: this.agent,
    });
    outgoing.on('error', () => response.headersSent || response.destroy());
    response.on('close', () => response.writableFinished || outgoing.destroy());
    const cut = (): void => void response.destroy();
    const { maxBody = Number.POSITIVE_INFINITY } = this.hostility;
    let bytes = 0;
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBody || response.headersSent) return;
      this.count('tooLarge');
      outgoing.destroy();
      void this.send(response, page(413, 'Request Entity Too Large'));
    });
    this.pipe(incoming, outgoing, cut);
    if (coding !== undefined) this.count('streamedRequest');
    outgoing.on('response', (answer) => {
      if (answer.headers['transfer-encoding'] !== undefined) this.count('streamedAnswer');
      const { connection, 'keep-alive': _, ...rest } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, rest);
      response.flushHeaders();
      this.pipe(answer, response, cut);
    });
  }

  private pipe(from: IncomingMessage, to: Writable, cut: () => void): void {
    const stallAt = this.does('stall') ? this.seeded.int(0, 30_000) : Number.POSITIVE_INFINITY;
    const cutAt = this.does('cutStream') ? this.seeded.int(0, 30_000) : Number.POSITIVE_INFINITY;
    const kept: Buffer[] = [];
    let bytes = 0;
    from.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > cutAt) return cut();
      if (bytes > stallAt) kept.push(chunk);
      else to.write(chunk);
    });
    from.on('end', () => {
      for (const chunk of kept) to.write(chunk);
      to.end();
    });
    from.on('error', cut);
  }

  private async collect(message: IncomingMessage): Promise<Buffer | undefined> {
    if (message.headers['transfer-encoding'] !== undefined) this.collecting.add(message);
    const whole = await readAll(message);
    this.collecting.delete(message);
    return whole;
  }

  private async transfer(bytes: number): Promise<void> {
    const { bandwidth } = this.hostility;
    if (bandwidth) await pause((bytes * 1000) / bandwidth);
  }

  /** Asks the server, perhaps twice. */
  private async ask(incoming: IncomingMessage, body: Buffer): Promise<Whole | 'cut' | undefined> {
    const once = (): Promise<Whole | 'cut' | undefined> => this.forward(incoming, body);
    if (!this.does('duplicate')) return once();
    if (this.seeded.chance(0.5)) {
      const both = await Promise.all([once(), once()]);
      return both[this.seeded.int(0, 1)];
    }
    const first = await once();
    const second = await once();
    return this.seeded.chance(0.5) ? first : second;
  }

  private forward(incoming: IncomingMessage, body: Buffer): Promise<Whole | 'cut' | undefined> {
    const { cutMs } = this.hostility;
    return new Promise((resolve) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port: this.targetPort,
          method: incoming.method,
          path: incoming.url,
          headers: {
            ...incoming.headers,
            connection: this.hostility.connectEach ? 'close' : 'keep-alive',
            'content-length': body.length,
          },
          agent: this.hostility.connectEach ? false : this.agent,
        },
        async (answer) => {
          const whole = await this.collect(answer);
          clearTimeout(timer);
          const { connection, 'keep-alive': _, ...headers } = answer.headers;
          resolve(whole && { status: answer.statusCode ?? 0, headers, body: whole });
        },
      );
      const timer = setTimeout(
        () => {
          resolve('cut');
          outgoing.destroy();
        },
        cutMs ?? 2 ** 30,
      );
      const onClose = (): void => void outgoing.destroy();
      incoming.socket.once('close', onClose);
      outgoing.once('close', () => incoming.socket.off('close', onClose));
      outgoing.on('error', () => {
        clearTimeout(timer);
        resolve(undefined);
      });
      outgoing.end(body);
    });
  }

  private async send(response: ServerResponse, { status, headers, body }: Whole): Promise<void> {
    const { hostility, seeded } = this;
    const truncated = this.does('truncate') && body.length > 0;
    const sent = truncated ? body.subarray(0, seeded.int(0, body.length - 1)) : body;
    const out: OutgoingHttpHeaders = { ...headers };
    const open = hostility.http10 || (truncated && seeded.chance(0.5));
    if (open) {
      delete out['content-length'];
      response.useChunkedEncodingByDefault = false;
      response.shouldKeepAlive = false;
      response.removeHeader('transfer-encoding');
    }
    if (hostility.closeEach || open) out.connection = 'close';
    response.writeHead(status, out);
    if (this.does('trickle')) {
      for (let at = 0; at < sent.length && at < 20_000; ) {
        const size = seeded.int(1, 2000);
        response.write(sent.subarray(at, at + size));
        at += size;
        await pause(1);
        if (at >= 20_000) response.write(sent.subarray(at));
      }
    } else if (sent.length > 0) response.write(sent);
    if (truncated && !open) response.destroy();
    else response.end();
  }
}

function page(status: number, text: string): Whole {
  const body = Buffer.from(`<html><body><h1>${text}</h1></body></html>`);
  return { status, headers: { 'content-type': 'text/html', 'content-length': body.length }, body };
}

/** Undefined when it was cut. */
function readAll(message: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => resolve(Buffer.concat(chunks)));
    message.on('close', () => resolve(undefined));
    message.on('error', () => resolve(undefined));
  });
}
