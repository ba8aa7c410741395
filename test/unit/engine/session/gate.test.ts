import { describe, expect, it } from 'vitest';
import { UserKey } from '../../../../src-main/engine/crypto/keys.ts';
import { NoiseInitiator } from '../../../../src-main/engine/crypto/noise.ts';
import { attachFlight } from '../../../../src-main/engine/session/client-flight.ts';
import { MAX_FLIGHT } from '../../../../src-main/engine/session/gate.ts';
import { encodeClientHello, PROLOGUE } from '../../../../src-main/engine/wire/hello.ts';
import { GateDoor } from '../../../support/gate-door.ts';
import { Seeded } from '../../../support/seeded.ts';

const ann = new UserKey(Buffer.alloc(32, 1), 'ann');
const ben = new UserKey(Buffer.alloc(32, 2), 'ben');
const eve = new UserKey(Buffer.alloc(32, 3), 'eve');

/** A well-formed first message with any payload. */
function flightOf(payload: Buffer, prologue = PROLOGUE): Buffer {
  return new NoiseInitiator({ psk: ann.psk, prologue }).writeMessage1(payload);
}

describe('the gate and new sessions', () => {
  it('admits each user by their key, and nobody else', () => {
    const door = new GateDoor([ann, ben]);
    for (const user of [ann, ben]) {
      const admission = door.gate.admit(door.flight(user).first);
      expect(admission).toMatchObject({ kind: 'new', user });
    }
    expect(door.gate.admit(door.flight(eve).first)).toBeUndefined();
  });

  it('gives every session an id of its own', () => {
    const door = new GateDoor([ann]);
    const ids = Array.from({ length: 50 }, () => door.establish(ann).server.id.toString('hex'));
    expect(new Set(ids).size).toBe(50);
  });

  it('admits a flight once', () => {
    const door = new GateDoor([ann]);
    const { first } = door.flight(ann);
    expect(door.gate.admit(first)).toBeDefined();
    expect(door.gate.admit(first)).toBeUndefined();
    door.clock.advance(60_000);
    expect(door.gate.admit(first)).toBeUndefined();
    // Forgotten by the cache only when the clock forbids it.
    for (let i = 0; i < 10; i++) {
      door.clock.advance(60_000);
      expect(door.gate.admit(first)).toBeUndefined();
    }
  });

  it('a refused flight is not spent: the next try with it may succeed', () => {
    const door = new GateDoor([ann]);
    const { first } = door.flight(ann);
    const bad = Buffer.from(first);
    bad[bad.length - 1] ^= 1;
    expect(door.gate.admit(bad)).toBeUndefined();
    expect(door.gate.admit(first)).toBeDefined();
  });

  it.each([
    [-120_000, true],
    [-120_001, false],
    [0, true],
    [5_000, true],
    [5_001, false],
  ])('a clock that is off by %d ms: %s', (offset, good) => {
    const door = new GateDoor([ann]);
    door.clock.advance(1_000_000);
    expect(door.gate.admit(door.flight(ann, offset).first) !== undefined).toBe(good);
  });

  it('refuses every truncation, every flipped bit, and what is longer', () => {
    const door = new GateDoor([ann]);
    const { first } = door.flight(ann);
    for (let n = 0; n < first.length; n++) expect(door.gate.admit(first.subarray(0, n))).toBeUndefined();
    for (let bit = 0; bit < first.length * 8; bit++) {
      const bad = Buffer.from(first);
      bad[bit >> 3] ^= 1 << (bit & 7);
      expect(door.gate.admit(bad)).toBeUndefined();
    }
    expect(door.gate.admit(Buffer.concat([first, Buffer.alloc(1)]))).toBeUndefined();
    expect(door.gate.admit(first)).toBeDefined();
  });

  it('refuses random bytes of every length', () => {
    const door = new GateDoor([ann, ben]);
    const random = new Seeded(5);
    for (let n = 0; n <= 1100; n++) expect(door.gate.admit(random.bytes(n))).toBeUndefined();
  });

  it('refuses what has the key but is not this protocol, its version or its time', () => {
    const door = new GateDoor([ann]);
    const hello = { clock: door.clock.wall(), features: 1, windowBytes: 1, receiveBytes: 1 };
    const good = encodeClientHello(hello, Buffer.alloc(9));
    const older = Buffer.from(good);
    older[0] = 0;
    const newer = Buffer.from(good);
    newer[0] = 2;
    expect(door.gate.admit(flightOf(older))).toBeUndefined();
    expect(door.gate.admit(flightOf(newer))).toBeUndefined();
    expect(door.gate.admit(flightOf(good.subarray(0, 18)))).toBeUndefined();
    expect(door.gate.admit(flightOf(good, Buffer.from('culvert/0')))).toBeUndefined();
    expect(door.gate.admit(flightOf(good))).toBeDefined();
  });

  it('bounds a flight', () => {
    const door = new GateDoor([ann]);
    const hello = { clock: door.clock.wall(), features: 1, windowBytes: 1, receiveBytes: 1 };
    const sized = (length: number): Buffer =>
      flightOf(encodeClientHello(hello, Buffer.alloc(length - 48 - 19)));
    expect(sized(MAX_FLIGHT)).toHaveLength(MAX_FLIGHT);
    expect(door.gate.admit(sized(MAX_FLIGHT))).toBeDefined();
    expect(door.gate.admit(sized(MAX_FLIGHT + 1))).toBeUndefined();
  });

  it('a full memory of flights admits nobody, rather than one twice', () => {
    const door = new GateDoor([ann, ben]);
    door.newGate(3);
    const flights = Array.from({ length: 4 }, () => door.flight(ann).first);
    expect(flights.map((flight) => door.gate.admit(flight) !== undefined)).toEqual([true, true, true, false]);
    for (const flight of flights.slice(0, 3)) expect(door.gate.admit(flight)).toBeUndefined();
    // One user cannot lock out another.
    expect(door.gate.admit(door.flight(ben).first)).toBeDefined();
    door.clock.advance(240_001);
    expect(door.gate.admit(door.flight(ann).first)).toBeDefined();
  });
});

describe('the gate after a restart', () => {
  it('refuses what was made before it, whether it was seen or not', () => {
    const door = new GateDoor([ann]);
    const seen = door.flight(ann).first;
    const unseen = door.flight(ann).first;
    door.gate.admit(seen);
    door.clock.advance(5);
    door.newGate();
    for (const flight of [seen, unseen]) expect(door.gate.admit(flight) === undefined).toBe(true);
    expect(door.gate.admit(door.flight(ann).first)).toBeDefined();
  });
});

describe('the gate and further carriers', () => {
  it('gives the session, to its user, once a flight', () => {
    const door = new GateDoor([ann, ben]);
    const { client, server } = door.establish(ann);
    const flight = attachFlight(ann, client.id, client.sealAttach('replace'), door.random.source);
    const admission = door.gate.admit(flight);
    expect(admission).toMatchObject({ kind: 'attach', user: ann, attach: { mode: 'replace' } });
    expect(admission?.kind === 'attach' && admission.session).toBe(server);
    expect(door.gate.admit(flight)).toBeUndefined();
    const next = attachFlight(ann, client.id, client.sealAttach('probe'), door.random.source);
    expect(door.gate.admit(next)).toMatchObject({ kind: 'attach', attach: { mode: 'probe' } });
  });

  it('refuses another user, though he knew the id and even the session’s keys', () => {
    const door = new GateDoor([ann, ben]);
    const { client } = door.establish(ann);
    const flight = attachFlight(ben, client.id, client.sealAttach('replace'), door.random.source);
    expect(door.gate.admit(flight)).toBeUndefined();
  });

  it('refuses sessions that are not there or are over', () => {
    const door = new GateDoor([ann]);
    const { client, server } = door.establish(ann);
    expect(
      door.gate.admit(attachFlight(ann, Buffer.alloc(8), client.sealAttach('replace'), door.random.source)),
    ).toBeUndefined();
    server.close();
    expect(
      door.gate.admit(attachFlight(ann, client.id, client.sealAttach('replace'), door.random.source)),
    ).toBeUndefined();
  });

  it('refuses every truncation and change, and none of them spends the flight', () => {
    const door = new GateDoor([ann]);
    const { client } = door.establish(ann);
    const flight = attachFlight(ann, client.id, client.sealAttach('replace'), door.random.source);
    for (let n = 0; n < flight.length; n++) expect(door.gate.admit(flight.subarray(0, n))).toBeUndefined();
    for (let at = 0; at < flight.length; at++) {
      const bad = Buffer.from(flight);
      bad[at] ^= 0x20;
      expect(door.gate.admit(bad)).toBeUndefined();
    }
    expect(door.gate.admit(flight)).toBeDefined();
  });

  it('refuses a flight with bytes behind it', () => {
    const door = new GateDoor([ann]);
    const { client } = door.establish(ann);
    const flight = attachFlight(ann, client.id, client.sealAttach('replace'), door.random.source);
    expect(door.gate.admit(Buffer.concat([flight, Buffer.alloc(3)]))).toBeUndefined();
  });
});
