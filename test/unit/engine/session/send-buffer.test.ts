import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SealedRecord } from '../../../../src-main/engine/crypto/record.ts';
import { SendBuffer } from '../../../../src-main/engine/session/send-buffer.ts';

const record = (seq: number, bytes = 100): SealedRecord =>
  new SealedRecord(0, seq, [Buffer.alloc(bytes)], bytes);
const A = { name: 'A' };
const B = { name: 'B' };

function filled(count: number, carrier: object = A): SendBuffer {
  const buffer = new SendBuffer();
  for (let seq = 0; seq < count; seq++) buffer.push(record(seq), carrier);
  return buffer;
}

function resend(buffer: SendBuffer, carrier: object): number[] {
  const numbers: number[] = [];
  for (let next = buffer.nextResend(carrier); next !== undefined; next = buffer.nextResend(carrier)) {
    numbers.push(next.seq);
  }
  return numbers;
}

describe('SendBuffer', () => {
  it('numbers records from 0 and refuses another number', () => {
    const buffer = filled(3);
    expect(buffer.nextSeq).toBe(3);
    expect(() => buffer.push(record(4), A)).toThrow(RangeError);
    expect(() => buffer.push(record(2), A)).toThrow(RangeError);
  });

  it('frees what is acknowledged, each byte once', () => {
    const buffer = filled(5);
    const full = buffer.bytes;
    expect(full).toBeGreaterThanOrEqual(500);
    expect(buffer.ack({ next: 2, ranges: [] })).toBe(200);
    expect(buffer.ack({ next: 2, ranges: [] })).toBe(0);
    expect(buffer.ack({ next: 1, ranges: [] })).toBe(0);
    expect(buffer.ack({ next: 2, ranges: [[3, 4]] })).toBe(100);
    expect(buffer.ack({ next: 2, ranges: [[3, 4]] })).toBe(0);
    expect(buffer.bytes).toBe((full * 2) / 5);
    // What is acknowledged beyond the gap is held by the peer.
    expect(buffer.span).toBe((full * 3) / 5);
    expect(buffer.ack({ next: 5, ranges: [] })).toBe(200);
    expect([buffer.bytes, buffer.span, buffer.size]).toEqual([0, 0, 0]);
  });

  it('tells of an acknowledgement of what was never sent, and frees nothing for it', () => {
    const buffer = filled(3);
    const { bytes } = buffer;
    expect(buffer.ack({ next: 4, ranges: [] })).toBe(false);
    expect(buffer.ack({ next: 0, ranges: [[2, 4]] })).toBe(false);
    expect(buffer.bytes).toBe(bytes);
  });

  it('sends again, in order, what left on the lost carrier and nothing else', () => {
    const buffer = new SendBuffer();
    for (let seq = 0; seq < 8; seq++) buffer.push(record(seq), seq % 2 === 0 ? A : B);
    buffer.ack({ next: 1, ranges: [[4, 5]] });
    expect(buffer.hasResend).toBe(false);
    buffer.lost(A);
    expect(buffer.hasResend).toBe(true);
    expect(resend(buffer, B)).toEqual([2, 6]);
    expect(buffer.hasResend).toBe(false);
    buffer.lost(B);
    expect(resend(buffer, A)).toEqual([1, 2, 3, 5, 6, 7]);
    expect(buffer.resentBytes).toBe(800);
  });

  it('gives the same record object, so the same bytes (I2)', () => {
    const buffer = new SendBuffer();
    const first = record(0);
    buffer.push(first, A);
    buffer.lost(A);
    expect(buffer.nextResend(B)).toBe(first);
  });

  it('does not send again what was acknowledged between the loss and the resending', () => {
    const buffer = filled(6);
    buffer.lost(A);
    buffer.ack({ next: 2, ranges: [[3, 5]] });
    expect(resend(buffer, B)).toEqual([2, 5]);
  });

  it('many small records cost more than their bytes, so that their number is bounded too', () => {
    const buffer = new SendBuffer();
    for (let seq = 0; seq < 1000; seq++) buffer.push(record(seq, 33), A);
    expect(buffer.bytes).toBeGreaterThan(1000 * (33 + 128));
  });

  it('clear forgets everything', () => {
    const buffer = filled(3);
    buffer.lost(A);
    buffer.clear();
    expect([buffer.size, buffer.bytes, buffer.hasResend]).toEqual([0, 0, false]);
  });

  it('behaves as a plain list does, through any mix of pushes, losses, resends and acknowledgements', () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ do: fc.constant('push' as const), n: fc.integer({ min: 1, max: 600 }) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant('ack' as const), n: fc.nat(2000), m: fc.nat(40) }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const), n: fc.nat(2) }) },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant('resend' as const), n: fc.integer({ min: 1, max: 500 }) }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const carriers = [{}, {}, {}];
        let current = 0;
        const buffer = new SendBuffer();
        const model = new Map<number, object | undefined>();
        let count = 0;
        for (const one of steps) {
          if (one.do === 'push') {
            for (let i = 0; i < one.n; i++) {
              buffer.push(record(count), carriers[current]);
              model.set(count++, carriers[current]);
            }
          } else if (one.do === 'ack') {
            const next = Math.min(count, one.n);
            const from = Math.min(count, next + 1 + one.m);
            const to = Math.min(count, from + one.m);
            let freed = 0;
            for (const seq of [...model.keys()]) {
              if ((seq < next || (seq >= from && seq < to)) && model.delete(seq)) freed += 100;
            }
            expect(buffer.ack({ next, ranges: to > from ? [[from, to]] : [] })).toBe(freed);
          } else if (one.do === 'lose') {
            buffer.lost(carriers[one.n]);
            for (const [seq, carrier] of model) if (carrier === carriers[one.n]) model.set(seq, undefined);
            current = (one.n + 1) % 3;
          } else {
            for (let i = 0; i < one.n; i++) {
              const wanted = [...model].filter(([, carrier]) => carrier === undefined).map(([seq]) => seq)[0];
              const got = buffer.nextResend(carriers[current]);
              expect(got?.seq).toBe(wanted);
              if (wanted === undefined) break;
              model.set(wanted, carriers[current]);
              if (i > 20) break;
            }
          }
          if (model.size === 0) expect(buffer.bytes).toBe(0);
          expect(buffer.bytes % (100 + 256)).toBe(0);
          expect(buffer.bytes / (100 + 256)).toBe(model.size);
        }
      }),
      { seed: 1, numRuns: 120 },
    );
  });
});
