import { silentLogger } from '../../src-main/engine/base/log.ts';
import { DEFAULT_CONFIG, type EngineConfig, serverPingMs } from '../../src-main/engine/config.ts';
import { Session } from '../../src-main/engine/session/session.ts';
import type { SessionLimits } from '../../src-main/engine/session/types.ts';
import type { AttachMode } from '../../src-main/engine/wire/control.ts';
import { FakeClock } from './fake-clock.ts';
import { type MemoryPipe, type MemoryPipeOptions, memoryPipe } from './memory-carrier.ts';
import { Seeded } from './seeded.ts';

export interface SessionPairOptions {
  readonly seed?: number;
  readonly clock?: FakeClock;
  readonly limits?: Partial<EngineConfig>;
  readonly pipe?: Partial<MemoryPipeOptions>;
  /** Both ends take early records. */
  readonly early?: boolean;
}

/** Both ends of one session on fake time, and the carriers in memory that they are given. */
export class SessionPair {
  readonly clock: FakeClock;
  readonly random: Seeded;
  readonly limits: SessionLimits & EngineConfig;
  readonly client: Session;
  readonly server: Session;
  /** The newest carrier. */
  pipe: MemoryPipe | undefined;
  private readonly pipeOptions: MemoryPipeOptions;
  private readonly early: boolean;

  constructor(options: SessionPairOptions = {}) {
    this.clock = options.clock ?? new FakeClock();
    this.random = new Seeded(options.seed ?? 1);
    this.limits = { ...DEFAULT_CONFIG, ...options.limits };
    this.early = options.early ?? false;
    this.pipeOptions = { clock: this.clock, random: this.random, ...options.pipe };
    const id = this.random.bytes(8);
    const [up, down] = [this.random.bytes(32), this.random.bytes(32)];
    this.client = this.make(id, up, down, this.limits);
    this.server = this.make(id, down, up, { ...this.limits, pingIntervalMs: serverPingMs(this.limits) });
  }

  private make(id: Buffer, sendSecret: Buffer, receiveSecret: Buffer, limits: SessionLimits): Session {
    return new Session({
      id,
      sendSecret,
      receiveSecret,
      limits,
      early: this.early,
      clock: this.clock,
      random: this.random.source,
      defer: (fn) => void this.clock.after(0, fn),
      log: silentLogger,
    });
  }

  /** The carrier that the handshake came over. */
  attachFirst(): MemoryPipe {
    const pipe = memoryPipe(this.pipeOptions);
    this.pipe = pipe;
    this.server.attach(pipe.server, true);
    this.client.attach(pipe.client, true);
    return pipe;
  }

  /** A further carrier, as the dialer makes one. Throws when the server does not take the session back. */
  attachAgain(mode: AttachMode = 'replace'): MemoryPipe {
    const pipe = memoryPipe(this.pipeOptions);
    const attach = this.server.openFlight(this.client.sealAttach(mode));
    if (attach?.type !== 'attach') throw new Error('the server refused the session');
    this.pipe = pipe;
    this.server.resume(pipe.server, attach);
    this.client.attach(pipe.client, false, mode === 'probe');
    return pipe;
  }
}
