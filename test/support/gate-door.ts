import { silentLogger } from '../../src-main/engine/base/log.ts';
import { DEFAULT_CONFIG } from '../../src-main/engine/config.ts';
import { generateKey, parseKey, type UserKey } from '../../src-main/engine/crypto/keys.ts';
import type { FrontOptions } from '../../src-main/engine/server/front.ts';
import { HttpTunnel } from '../../src-main/engine/server/http-tunnel.ts';
import { ClientFlight, type SessionGrant } from '../../src-main/engine/session/client-flight.ts';
import { type Admission, Gate } from '../../src-main/engine/session/gate.ts';
import { SessionRegistry } from '../../src-main/engine/session/registry.ts';
import { Session } from '../../src-main/engine/session/session.ts';
import { FakeClock } from './fake-clock.ts';
import { Seeded } from './seeded.ts';

/** A gate with its registry on fake time, and clients that knock. */
export class GateDoor {
  readonly clock = new FakeClock();
  readonly random = new Seeded(7);
  readonly registry: SessionRegistry;
  gate: Gate;
  private readonly users: readonly UserKey[];

  constructor(users: readonly UserKey[]) {
    this.users = users;
    this.registry = new SessionRegistry(DEFAULT_CONFIG, this.clock);
    this.gate = this.newGate();
    this.clock.advance(1000);
  }

  newGate(replayEntries = DEFAULT_CONFIG.replayEntries): Gate {
    const { clock, random, users, registry } = this;
    this.gate = new Gate({
      users,
      registry,
      clock,
      random: random.source,
      clockSkewMs: 120_000,
      clockAheadMs: 5_000,
      replayEntries,
      windowBytes: 111,
      receiveBytes: 222,
      keptMs: 333,
    });
    return this.gate;
  }

  /** A client's flight; its clock is off by `clockOffsetMs`. */
  flight(key: UserKey, clockOffsetMs = 0): ClientFlight {
    const { clock, random } = this;
    return new ClientFlight({
      key,
      clock,
      random: random.source,
      clockOffsetMs,
      windowBytes: 444,
      receiveBytes: 555,
    });
  }

  /** A session that stands on both sides. */
  establish(key: UserKey): { client: Session; server: Session } {
    const flight = this.flight(key);
    const admission = this.gate.admit(flight.first);
    if (admission?.kind !== 'new') throw new Error('not admitted');
    const grant = flight.finish(admission.reply);
    if (grant === undefined) throw new Error('the answer does not verify');
    const server = this.session(admission.sessionId, admission);
    this.registry.add(server, admission.user);
    server.watcher = { onEnd: () => this.registry.remove(server) };
    return { server, client: this.session(grant.hello.sessionId, grant) };
  }

  /** One end of a session. */
  session(id: Buffer, secrets: Extract<Admission, { kind: 'new' }> | SessionGrant): Session {
    return new Session({
      id,
      sendSecret: secrets.sendSecret,
      receiveSecret: secrets.receiveSecret,
      limits: DEFAULT_CONFIG,
      clock: this.clock,
      random: this.random.source,
      defer: (fn) => void this.clock.after(0, fn),
      log: silentLogger,
    });
  }
}

/** The server's own claim on requests: it looks at each of them, and nobody has its key. */
export async function keylessClaim(): Promise<FrontOptions['claimRequest']> {
  const { gate, clock } = new GateDoor([await parseKey(generateKey())]);
  const tunnel = new HttpTunnel({ gate, clock, makeSession: () => undefined });
  return (request) => tunnel.claim(request);
}
