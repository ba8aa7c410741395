import { CulvertError } from '../../src-main/engine/base/errors.ts';
import { silentLogger } from '../../src-main/engine/base/log.ts';
import type { Candidate, CarryResult } from '../../src-main/engine/client/carry.ts';
import { Dialer } from '../../src-main/engine/client/dialer.ts';
import type { DialerState } from '../../src-main/engine/client/dialer-state.ts';
import { Tunnel } from '../../src-main/engine/client/tunnel.ts';
import { DEFAULT_CONFIG, type EngineConfig } from '../../src-main/engine/config.ts';
import { generateKey, parseKey, type UserKey } from '../../src-main/engine/crypto/keys.ts';
import { Muxer } from '../../src-main/engine/mux/muxer.ts';
import type { TunnelStream } from '../../src-main/engine/mux/types.ts';
import { type Admission, Gate } from '../../src-main/engine/session/gate.ts';
import { SessionRegistry } from '../../src-main/engine/session/registry.ts';
import { Session } from '../../src-main/engine/session/session.ts';
import { FakeClock } from './fake-clock.ts';
import { type MemoryPipe, memoryPipe } from './memory-carrier.ts';
import { StreamLog } from './mux-pair.ts';
import { pattern, Seeded } from './seeded.ts';

type Kind = 'ws' | 'http';

/** What the network does to one transport. */
export interface Weather {
  /** `refuses`: a proxy answers 403. `swallows`: nothing ever comes back. `fails`: the connection is refused. */
  mood: 'works' | 'refuses' | 'swallows' | 'fails';
  /** One way, ms. */
  delayMs: number;
}

interface Way {
  readonly kind: Kind;
  readonly pipe: MemoryPipe;
}

export interface MemoryNetOptions {
  seed?: number;
  config?: Partial<EngineConfig>;
  kinds?: Kind[];
  /** The server's key, where it is another one. */
  serverUser?: UserKey;
}

/** Gives credit for what it reads. */
class ReadLog extends StreamLog {
  private readonly consumed: (bytes: number) => void;

  constructor(consumed: (bytes: number) => void) {
    super();
    this.consumed = consumed;
  }

  override onData(chunk: Buffer): void {
    super.onData(chunk);
    this.consumed(chunk.length);
  }
}

/** One stream to the server's echo, and what it should have brought. */
export class EchoStream {
  readonly log = new ReadLog((bytes) => this.stream.consumed(bytes));
  sent = 0;
  private readonly stream: TunnelStream;
  private readonly flow: number;

  constructor(net: MemoryNet, flow: number) {
    this.flow = flow;
    this.stream = net.tunnel.open({ host: 'echo', port: 7 }, this.log);
  }

  write(bytes: number): void {
    this.stream.write(pattern(this.flow, this.sent, bytes));
    this.sent += bytes;
  }

  end(): void {
    this.stream.end();
  }

  /** What is wrong with what has come back so far, or ''. */
  get wrong(): string {
    const got = this.log.received;
    return got.equals(pattern(this.flow, 0, got.length)) ? '' : `flow ${this.flow} was changed`;
  }

  get isEven(): boolean {
    return this.log.bytes === this.sent;
  }
}

/** A client and a server joined by transports in memory, on fake time: their network is whatever a test says. */
export class MemoryNet {
  readonly clock = new FakeClock();
  readonly random: Seeded;
  readonly config: EngineConfig;
  readonly tunnel: Tunnel;
  readonly dialer: Dialer;
  readonly states: DialerState[] = [];
  readonly weather: Record<Kind, Weather> = {
    ws: { mood: 'works', delayMs: 10 },
    http: { mood: 'works', delayMs: 10 },
  };
  /** What its user does not want to be used. */
  readonly unwanted = new Set<Kind>();
  /** Carriers that live, or that nobody told of their death. */
  readonly ways: Way[] = [];
  /** First flights, by transport. */
  readonly flights: Record<Kind, number> = { ws: 0, http: 0 };
  private readonly user: UserKey;
  private registry: SessionRegistry;
  private gate: Gate;

  constructor(user: UserKey, options: MemoryNetOptions = {}) {
    this.user = options.serverUser ?? user;
    this.random = new Seeded(options.seed ?? 1);
    this.config = { ...DEFAULT_CONFIG, ...options.config };
    this.registry = new SessionRegistry(this.config, this.clock);
    this.gate = this.makeGate();
    const { clock, config } = this;
    clock.advance(10);
    this.tunnel = new Tunnel({ dialTimeoutMs: config.dialTimeoutMs, maxWaiting: 100, clock });
    this.dialer = new Dialer({
      server: 'server:80',
      key: user,
      candidates: (options.kinds ?? ['ws', 'http']).map((kind) => this.candidate(kind)),
      tunnel: this.tunnel,
      config,
      clock,
      random: this.random.source,
      log: silentLogger,
      onState: (state) => this.states.push(state),
    });
  }

  static key(): Promise<UserKey> {
    return parseKey(generateKey());
  }

  get kinds(): string[] {
    return this.states.map(({ kind }) => kind);
  }

  /** Time goes on by `ms`, promises and deferred calls included. */
  async run(ms: number): Promise<void> {
    const until = this.clock.now() + ms;
    await settle();
    while (this.clock.runNext(until)) await settle();
    this.clock.advance(until - this.clock.now());
  }

  async until(what: string, done: () => boolean, limitMs = 60_000): Promise<void> {
    const until = this.clock.now() + limitMs;
    await settle();
    while (!done()) {
      if (!this.clock.runNext(until)) throw new Error(`not within ${limitMs} ms of fake time: ${what}`);
      await settle();
    }
  }

  /** Starts, and waits until it is connected. */
  async connect(): Promise<void> {
    this.dialer.start();
    await this.until('connected', () => this.dialer.state.kind === 'connected');
  }

  /** Every carrier there is dies: both ends learn of it, or none. */
  kill(told: boolean): void {
    for (const { pipe } of this.ways.splice(0)) pipe.kill(...(told ? [0, 0] : []));
  }

  setAll(mood: Weather['mood']): void {
    this.weather.ws.mood = mood;
    this.weather.http.mood = mood;
  }

  /** The server forgets everything. */
  restart(): void {
    this.kill(true);
    this.registry = new SessionRegistry(this.config, this.clock);
    this.gate = this.makeGate();
  }

  private makeGate(): Gate {
    const { clock, random, config } = this;
    return new Gate({
      users: [this.user],
      registry: this.registry,
      clock,
      random: random.source,
      clockSkewMs: config.clockSkewMs,
      clockAheadMs: config.clockAheadMs,
      replayEntries: config.replayEntries,
      windowBytes: config.initialWindowBytes,
      receiveBytes: config.receiveBufferBytes,
      keptMs: config.detachedMs,
    });
  }

  private candidate(kind: Kind): Candidate {
    return {
      kind,
      name: kind === 'ws' ? 'WebSocket' : 'HTTP',
      rank: kind === 'ws' ? 1 : 2,
      headStartMs: 300,
      available: () => !this.unwanted.has(kind),
      carry: (flight, signal) => this.carry(kind, flight, signal),
    };
  }

  private carry(kind: Kind, flight: Buffer, signal: AbortSignal): Promise<CarryResult> {
    const { clock, weather } = this;
    this.flights[kind]++;
    const begun = { ...weather[kind] };
    return new Promise((resolve) => {
      const closed = (code: 'ERR_CLOSED' | 'ERR_SERVER_REFUSED' | 'ERR_SERVER_TIMEOUT', text: string): void =>
        resolve({ kind: 'error', error: new CulvertError(code, text) });
      signal.addEventListener('abort', () => closed('ERR_CLOSED', 'given up'));
      clock.after(this.config.connectTimeoutMs, () => closed('ERR_SERVER_TIMEOUT', 'no answer'));
      // The way there, the flight, the answer.
      clock.after(2 * begun.delayMs, () => {
        if (begun.mood === 'fails') return closed('ERR_SERVER_REFUSED', 'nothing listens');
        if (begun.mood === 'swallows' || signal.aborted) return;
        if (begun.mood === 'refuses') return resolve(this.answer(403));
        clock.after(begun.delayMs, () => {
          const admission = this.gate.admit(flight);
          const result = admission === undefined ? this.answer(404) : this.serve(kind, admission);
          clock.after(begun.delayMs, () => resolve(result));
        });
      });
    });
  }

  private answer(status: number): CarryResult {
    const date = this.clock.wall();
    return { kind: 'answer', status, statusText: '', date, location: undefined };
  }

  private serve(kind: Kind, admission: Admission): CarryResult {
    const { clock, weather } = this;
    const pipe = memoryPipe({
      clock,
      random: new Seeded(this.random.int(1, 2 ** 30)),
      get delayMs(): [number, number] {
        return [weather[kind].delayMs, weather[kind].delayMs * 1.2];
      },
    });
    this.ways.push({ kind, pipe });
    if (admission.kind === 'new') this.makeSession(admission).attach(pipe.server, true);
    else if (admission.kind === 'attach') admission.session.resume(pipe.server, admission.attach);
    return { kind: 'open', carrier: pipe.client, replies: admission.kind === 'new' ? [admission.reply] : [] };
  }

  private makeSession(admission: Extract<Admission, { kind: 'new' }>): Session {
    const { clock, config, random, registry } = this;
    const session = new Session({
      id: admission.sessionId,
      sendSecret: admission.sendSecret,
      receiveSecret: admission.receiveSecret,
      limits: config,
      clock,
      random: random.source,
      defer: (fn) => void clock.after(0, fn),
      log: silentLogger,
    });
    const mux: Muxer = new Muxer({
      role: 'server',
      limits: config,
      peerWindowBytes: admission.hello.windowBytes,
      clock,
      fault: (error) => session.destroy(error),
      wake: (now) => session.wake(now),
      onOpen: ({ stream, accept }) => {
        stream.listen({
          onData: (chunk) => {
            stream.write(Buffer.from(chunk));
            stream.consumed(chunk.length);
          },
          onEnd: () => stream.end(),
          onReset: () => {},
        });
        accept();
      },
    });
    session.use({
      pull: (limit) => mux.pull(limit),
      onRecord: (pieces) => mux.onRecord(pieces),
      onSessionEnd: () => mux.destroy('sessionLost'),
    });
    session.watcher = {
      onActive: () => registry.attached(session),
      onCarrierLost: (_carrier, _reason, left) => !left && registry.detached(session),
      onEnd: () => registry.remove(session),
    };
    registry.add(session, admission.user);
    return session;
  }
}

/** Lets promises and deferred calls run. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
