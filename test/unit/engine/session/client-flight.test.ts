import { describe, expect, it } from 'vitest';
import { UserKey } from '../../../../src-main/engine/crypto/keys.ts';
import { BlockCipher } from '../../../../src-main/engine/crypto/primitives.ts';
import { attachFlight, randomPadding } from '../../../../src-main/engine/session/client-flight.ts';
import { MAX_FLIGHT } from '../../../../src-main/engine/session/gate.ts';
import { MAX_PADDING } from '../../../../src-main/engine/wire/hello.ts';
import { GateDoor } from '../../../support/gate-door.ts';
import { Seeded } from '../../../support/seeded.ts';

const key = new UserKey(Buffer.alloc(32, 1));

describe('the first flight of a new session', () => {
  it('gets an answer that gives both sides the same keys, crosswise, and the limits', () => {
    const door = new GateDoor([key]);
    const flight = door.flight(key);
    const admission = door.gate.admit(flight.first);
    if (admission?.kind !== 'new') throw new Error('not admitted');
    const grant = flight.finish(admission.reply);
    expect(grant?.sendSecret).toEqual(admission.receiveSecret);
    expect(grant?.receiveSecret).toEqual(admission.sendSecret);
    expect(grant?.sendSecret).not.toEqual(grant?.receiveSecret);
    expect(grant?.hello).toMatchObject({ windowBytes: 111, receiveBytes: 222, keptMs: 333 });
    expect(grant?.hello.sessionId).toEqual(admission.sessionId);
    expect(admission.hello).toMatchObject({ windowBytes: 444, receiveBytes: 555, clock: door.clock.wall() });
  });

  it('takes no changed, cut or foreign answer', () => {
    const door = new GateDoor([key]);
    const answered = () => {
      const flight = door.flight(key);
      const admission = door.gate.admit(flight.first);
      if (admission?.kind !== 'new') throw new Error('not admitted');
      return { flight, reply: admission.reply };
    };
    const { reply } = answered();
    for (const at of [0, 5, 31, 32, 40, reply.length - 17, reply.length - 1]) {
      const one = answered();
      const bad = Buffer.from(one.reply);
      bad[at] ^= 4;
      expect(one.flight.finish(bad)).toBeUndefined();
    }
    for (const length of [0, 1, 31, 48, reply.length - 1]) {
      const one = answered();
      expect(one.flight.finish(one.reply.subarray(0, length))).toBeUndefined();
    }
    expect(answered().flight.finish(reply)).toBeUndefined();
  });

  it('says the corrected time', () => {
    const door = new GateDoor([key]);
    const admission = door.gate.admit(door.flight(key, 4_321).first);
    expect(admission?.kind === 'new' && admission.hello.clock - door.clock.wall()).toBe(4_321);
  });

  it('has no constant size and no constant byte', () => {
    const door = new GateDoor([key]);
    const flights = Array.from({ length: 300 }, () => door.flight(key).first);
    const sizes = flights.map((flight) => flight.length);
    expect(new Set(sizes).size).toBeGreaterThan(60);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(MAX_PADDING);
    const shortest = Math.min(...sizes);
    for (let i = 0; i < shortest; i++) {
      expect(new Set(flights.map((flight) => flight[i])).size).toBeGreaterThan(100);
    }
  });
});

describe('the first flight of a further carrier', () => {
  it('hides the session id: no two share a byte pattern, yet each opens to the same id', () => {
    const random = new Seeded(3);
    const id = Buffer.from('0123456789abcdef', 'hex');
    const flights = Array.from({ length: 200 }, () =>
      attachFlight(key, id, Buffer.from('sealed'), random.source),
    );
    const cipher = new BlockCipher(key.attachKey);
    for (const flight of flights) {
      expect(flight.subarray(16).toString()).toBe('sealed');
      expect(cipher.decrypt(flight.subarray(0, 16)).subarray(0, 8)).toEqual(id);
    }
    for (let i = 0; i < 16; i++) expect(new Set(flights.map((flight) => flight[i])).size).toBeGreaterThan(80);
  });

  it('fits the gate, with all ranges and all padding', () => {
    const door = new GateDoor([key]);
    const { client } = door.establish(key);
    const sizes = Array.from(
      { length: 200 },
      () => attachFlight(key, client.id, client.sealAttach('replace'), door.random.source).length,
    );
    // An ACK of 32 ranges is 256 bytes longer.
    expect(Math.max(...sizes) + 256).toBeLessThanOrEqual(MAX_FLIGHT);
  });
});

describe('padding', () => {
  it('is 0 to 96 bytes, all of them possible', () => {
    const random = new Seeded(4);
    const lengths = Array.from({ length: 5000 }, () => randomPadding(random.source).length);
    expect(new Set(lengths).size).toBe(MAX_PADDING + 1);
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([0, MAX_PADDING]);
  });
});
