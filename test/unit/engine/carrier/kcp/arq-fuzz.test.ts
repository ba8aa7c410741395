import { describe, expect, it } from 'vitest';
import { ARQ_MODES, Arq } from '../../../../../src-main/engine/carrier/kcp/arq.ts';
import { SEGMENT_HEADER, writeSegment } from '../../../../../src-main/engine/carrier/kcp/segment.ts';
import { Seeded } from '../../../../support/seeded.ts';

function makeArq(output: (datagram: Buffer) => void = () => {}): Arq {
  return new Arq({
    conv: 7,
    mode: ARQ_MODES.fast3,
    mtu: 1400,
    sendWindow: 128,
    receiveWindow: 128,
    stream: false,
    output,
  });
}

describe('mangled segments', () => {
  it('neither crash nor make anything grow', () => {
    const random = new Seeded(1);
    const arq = makeArq();
    arq.update(0);
    let most = 0;
    for (let i = 0; i < 20_000; i++) {
      const length = random.chance(0.3) ? random.int(0, 60) : random.int(0, 1376);
      const datagram = random.bytes(SEGMENT_HEADER + length);
      writeSegment(datagram, 0, {
        conv: random.chance(0.95) ? 7 : random.int(0, 2 ** 32 - 1),
        cmd: random.chance(0.95) ? random.int(81, 84) : random.int(0, 255),
        frg: random.chance(0.5) ? 0 : random.int(0, 255),
        wnd: random.int(0, 65_535),
        ts: random.int(0, 2 ** 32 - 1),
        sn: random.chance(0.7) ? random.int(0, 200) : random.int(0, 2 ** 32 - 1),
        una: random.int(0, 2 ** 32 - 1),
        length: random.chance(0.8) ? length : random.int(0, 2 ** 32 - 1),
      });
      arq.input(random.chance(0.9) ? datagram : datagram.subarray(0, random.int(0, datagram.length)));
      if (random.chance(0.02)) arq.update(i);
      most = Math.max(most, arq.heldBytes);
    }
    // Both windows full of the largest segments, and a list of ACKs.
    expect(most).toBeLessThan(2 * 128 * 1376 + 8192 * 16);
  });

  it('of one number for ever, between two flushes, keep a bounded list of ACKs', () => {
    const arq = makeArq();
    const datagram = Buffer.alloc(SEGMENT_HEADER);
    writeSegment(datagram, 0, { conv: 7, cmd: 81, frg: 0, wnd: 128, ts: 1, sn: 5, una: 0, length: 0 });
    for (let i = 0; i < 100_000; i++) arq.input(datagram);
    expect(arq.heldBytes).toBeLessThanOrEqual(8192 * 16);
  });

  it('answers as the reference does to what is no segment', () => {
    const arq = makeArq();
    const datagram = Buffer.alloc(SEGMENT_HEADER);
    const fill = (conv: number, cmd: number, length: number): Buffer => {
      writeSegment(datagram, 0, { conv, cmd, frg: 0, wnd: 1, ts: 0, sn: 0, una: 0, length });
      return datagram;
    };
    expect(arq.input(datagram.subarray(0, 23))).toBe(-1);
    expect(arq.input(fill(8, 81, 0))).toBe(-1);
    expect(arq.input(fill(7, 81, 1))).toBe(-2);
    expect(arq.input(fill(7, 80, 0))).toBe(-3);
    expect(arq.input(fill(7, 84, 0))).toBe(0);
  });

  it('a peer that never acknowledges makes the link dead, with no more than the window in flight', () => {
    let datagrams = 0;
    const arq = makeArq(() => datagrams++);
    for (let i = 0; i < 500; i++) arq.send(Buffer.alloc(1000));
    for (let now = 0; now < 3_000_000 && !arq.dead; now += 10) arq.update(now);
    expect(arq.dead).toBe(true);
    expect(datagrams).toBeLessThanOrEqual(128 * 20);
  });
});
