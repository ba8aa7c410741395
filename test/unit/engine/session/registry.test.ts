import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../src-main/engine/base/log.ts';
import { DEFAULT_CONFIG } from '../../../../src-main/engine/config.ts';
import { UserKey } from '../../../../src-main/engine/crypto/keys.ts';
import { SessionRegistry } from '../../../../src-main/engine/session/registry.ts';
import { Session } from '../../../../src-main/engine/session/session.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { Seeded } from '../../../support/seeded.ts';

const user = new UserKey(Buffer.alloc(32, 1));

function setUp(maxSessions = 3) {
  const clock = new FakeClock();
  const random = new Seeded(1);
  const registry = new SessionRegistry({ maxSessions, detachedMs: 60_000 }, clock);
  const make = (): Session => {
    const session = new Session({
      id: random.bytes(8),
      sendSecret: random.bytes(32),
      receiveSecret: random.bytes(32),
      limits: DEFAULT_CONFIG,
      clock,
      random: random.source,
      defer: setImmediate,
      log: silentLogger,
    });
    session.watcher = { onEnd: () => registry.remove(session) };
    return session;
  };
  return { clock, registry, make };
}

describe('SessionRegistry', () => {
  it('finds a session by its id, whatever buffer holds it', () => {
    const { registry, make } = setUp();
    const session = make();
    expect(registry.add(session, user)).toBe(true);
    expect(registry.get(Buffer.from(session.id))).toMatchObject({ session, user });
    expect(registry.get(Buffer.alloc(8))).toBeUndefined();
    registry.remove(session);
    expect(registry.get(session.id)).toBeUndefined();
    expect(registry.size).toBe(0);
  });

  it('ends a detached session after its time, not before', () => {
    const { clock, registry, make } = setUp();
    const session = make();
    registry.add(session, user);
    registry.detached(session);
    clock.advance(59_999);
    expect(session.isEnded).toBe(false);
    clock.advance(1);
    expect(session.isEnded).toBe(true);
    expect(registry.size).toBe(0);
  });

  it('a carrier in time saves it, and the next absence has the whole time again', () => {
    const { clock, registry, make } = setUp();
    const session = make();
    registry.add(session, user);
    for (let i = 0; i < 3; i++) {
      registry.detached(session);
      clock.advance(59_000);
      registry.attached(session);
      clock.advance(500_000);
    }
    expect(session.isEnded).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it('losing one carrier after another does not prolong the absence', () => {
    const { clock, registry, make } = setUp();
    const session = make();
    registry.add(session, user);
    registry.detached(session);
    clock.advance(40_000);
    registry.detached(session);
    clock.advance(20_000);
    expect(session.isEnded).toBe(true);
  });

  it('full, the session that was away longest makes room; attached ones never do', () => {
    const { clock, registry, make } = setUp(3);
    const [a, b, c, d, e] = [make(), make(), make(), make(), make()];
    for (const session of [a, b, c]) expect(registry.add(session, user)).toBe(true);
    expect(registry.add(d, user)).toBe(false);
    expect([a, b, c].some((session) => session.isEnded)).toBe(false);
    registry.detached(b);
    clock.advance(10);
    registry.detached(a);
    expect(registry.add(d, user)).toBe(true);
    expect([a, b, c, d].map((session) => session.isEnded)).toEqual([false, true, false, false]);
    expect(registry.size).toBe(3);
    expect(registry.add(e, user)).toBe(true);
    expect(a.isEnded).toBe(true);
    expect(registry.list().map(({ session }) => session)).toEqual([c, d, e]);
  });

  it('leaves no timer for sessions that ended', () => {
    const { clock, registry, make } = setUp();
    const session = make();
    registry.add(session, user);
    registry.detached(session);
    registry.remove(session);
    expect(clock.pending).toBe(0);
    registry.detached(session);
    registry.attached(session);
    expect(clock.pending).toBe(0);
  });
});
