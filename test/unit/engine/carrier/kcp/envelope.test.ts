import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BODY_HEAD, FLAG, readBody, writeAck } from '../../../../../src-main/engine/carrier/kcp/body.ts';
import {
  DatagramOpener,
  DatagramSealer,
  ENVELOPE,
  HeaderReader,
} from '../../../../../src-main/engine/carrier/kcp/envelope.ts';
import { readFlight, writeFlight } from '../../../../../src-main/engine/carrier/kcp/flight.ts';
import { CMD, writeSegment } from '../../../../../src-main/engine/carrier/kcp/segment.ts';
import { UserKey } from '../../../../../src-main/engine/crypto/keys.ts';
import { Seeded } from '../../../../support/seeded.ts';

const readme = readFileSync(new URL('../../../../../src-main/engine/README.md', import.meta.url), 'utf8');
const squeezed = readme.replace(/\s+/g, '');

const user = new UserKey(Buffer.from(Array.from({ length: 32 }, (_, i) => i)));
const id = Buffer.from('c1c2c3c4c5c6c7c8', 'hex');

function joined(datagram: Buffer | Buffer[]): Buffer {
  return Array.isArray(datagram) ? Buffer.concat(datagram) : datagram;
}

describe('the example in the README', () => {
  it('is what comes out', () => {
    const body = Buffer.alloc(60);
    const segment = {
      conv: id.readUInt32LE(0),
      cmd: CMD.push,
      frg: 0,
      wnd: 128,
      ts: 1000,
      sn: 5,
      una: 3,
      length: 2,
    };
    let at = writeSegment(body, BODY_HEAD, segment);
    at += body.write('hi', at);
    body.writeUInt16BE(at - BODY_HEAD, 1);
    body[0] = FLAG.ack;
    at = writeAck(
      body,
      at,
      body.length,
      [
        [4, 8],
        [1, 3],
      ],
      2,
    );
    const plain = body.subarray(0, at);
    expect(readBody(plain)).toMatchObject({
      flags: 1,
      ack: {
        delayMs: 2,
        ranges: [
          [4, 8],
          [1, 3],
        ],
      },
    });
    expect(squeezed).toContain(plain.toString('hex'));
    const sealed = joined(new DatagramSealer(user.datagramKey, id, 'up').seal(9, plain));
    expect(squeezed).toContain(sealed.toString('hex'));
    expect(squeezed).toContain(user.datagramKey.export().toString('hex'));
  });
});

describe('sealed datagrams', () => {
  const sealer = new DatagramSealer(user.datagramKey, id, 'up');
  const header = new HeaderReader(user.datagramKey, 'up');
  const opener = new DatagramOpener(user.datagramKey, id, 'up');

  it.each([0, 1, 1400, 60_000])('come back, %i bytes of body', (length) => {
    const body = new Seeded(length).bytes(length + BODY_HEAD);
    const datagram = joined(sealer.seal(length, body));
    expect(datagram.length).toBe(body.length + ENVELOPE);
    expect(header.read(datagram)).toEqual({ id: id.toString('latin1'), number: length });
    expect(opener.open(length, datagram)?.equals(body)).toBe(true);
  });

  it('do not verify when any bit is turned, or when cut, or in the other direction', () => {
    const random = new Seeded(1);
    const datagram = joined(sealer.seal(77, random.bytes(40)));
    for (let bit = 0; bit < datagram.length * 8; bit++) {
      const turned = Buffer.from(datagram);
      turned[bit >> 3] ^= 1 << (bit & 7);
      const found = header.read(turned);
      const same = found?.id === id.toString('latin1') ? opener.open(found.number, turned) : undefined;
      expect(same).toBeUndefined();
    }
    for (let length = 0; length < datagram.length; length++) {
      const cut = datagram.subarray(0, length);
      expect(header.read(cut) === undefined || opener.open(77, cut) === undefined).toBe(true);
    }
    expect(new HeaderReader(user.datagramKey, 'down').read(datagram)).toBeUndefined();
    const other = new UserKey(random.bytes(32)).datagramKey;
    expect(new HeaderReader(other, 'up').read(datagram)).toBeUndefined();
    expect(
      new DatagramOpener(createSecretKey(random.bytes(32)), id, 'up').open(77, datagram),
    ).toBeUndefined();
  });

  it('have no byte that is the same in all of them', () => {
    const seen = Array.from({ length: 64 }, () => new Set<number>());
    for (let number = 0; number < 200; number++) {
      const datagram = joined(sealer.seal(1000 + number, Buffer.alloc(40)));
      for (const [at, values] of seen.entries()) values.add(datagram[at]);
    }
    for (const values of seen) expect(values.size).toBeGreaterThan(50);
  });
});

describe('bodies and flights', () => {
  it('of random bytes are refused or read, and never throw', () => {
    const random = new Seeded(2);
    for (let i = 0; i < 20_000; i++) {
      const bytes = random.bytes(random.int(0, 80));
      if (bytes.length > 2 && random.chance(0.8)) bytes.writeUInt16BE(random.int(0, 90), 1);
      const body = readBody(bytes);
      if (body?.ack === undefined) continue;
      for (const [from, to] of body.ack.ranges) expect(from >= 0 && from < to).toBe(true);
    }
  });

  it('keep the clock of a flight', () => {
    const piece = writeFlight(Buffer.from('flight'), 1_700_000_000_123);
    expect(readFlight(piece)).toEqual({ clock: 1_700_000_000_123, flight: Buffer.from('flight') });
    expect(readFlight(piece.subarray(0, 6))).toBeUndefined();
  });
});
