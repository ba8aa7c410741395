import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AckState,
  type Control,
  decodeControl,
  encodeControl,
  MAX_ACK_RANGES,
} from '../../../../src-main/engine/wire/control.ts';
import { codeOf } from '../../../support/codes.ts';

const ACK: AckState = {
  next: 5,
  ranges: [
    [7, 9],
    [9 + 0x10, 0x1a],
  ],
};
const ACK_HEX = '0000000000000005 02 00000002 00000002 00000010 00000001';

const EXAMPLES: ReadonlyArray<readonly [Control, string]> = [
  [{ type: 'ack', ack: ACK }, `01 ${ACK_HEX}`],
  [{ type: 'ping', token: 0xdeadbeef, ack: { next: 0, ranges: [] } }, '02 deadbeef 0000000000000000 00'],
  [{ type: 'pong', token: 1, ack: ACK }, `03 00000001 ${ACK_HEX}`],
  [{ type: 'attach', mode: 'replace', ack: ACK }, `04 01 ${ACK_HEX}`],
  [{ type: 'attach', mode: 'probe', ack: { next: 2 ** 40 + 3, ranges: [] } }, '04 00 0000010000000003 00'],
  [{ type: 'attached', ack: ACK }, `05 ${ACK_HEX}`],
  [{ type: 'close' }, '06'],
  [
    {
      type: 'poll',
      carrier: 0xc0ffee01,
      request: 2,
      bytes: 3,
      holdMs: 8000,
      wantBytes: 1_000_000,
      park: 2,
      open: [1],
      lost: [0x10],
      piece: 5,
      offset: 6,
      mode: 2,
    },
    '07 c0ffee01 00000002 00000003 00001f40 000f4240 02 01 01 00000005 00000006 02 00000001 00000010',
  ],
  [
    {
      type: 'answer',
      request: 2,
      bytes: 3,
      heldMs: 250,
      more: true,
      gone: false,
      apart: true,
      seen: [0, 1, 2],
    },
    '08 00000002 00000003 000000fa 05 03 00 01 02',
  ],
];

describe('control records', () => {
  it.each(EXAMPLES)('%j', (control, hex) => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    expect(encodeControl(control)).toEqual(bytes);
    expect(decodeControl(bytes)).toEqual(control);
  });

  it.each(EXAMPLES)('%j: what follows the fields is padding', (control) => {
    expect(decodeControl(Buffer.concat([encodeControl(control), Buffer.alloc(33, 0xa5)]))).toEqual(control);
  });

  it.each(EXAMPLES)('%j cut short is ERR_FRAME', (control) => {
    const bytes = encodeControl(control);
    for (let n = 0; n < bytes.length; n++) {
      expect(codeOf(() => decodeControl(bytes.subarray(0, n)))).toBe('ERR_FRAME');
    }
  });

  it('any state of acknowledgement reads back, up to its limit of ranges', () => {
    const gaps = fc.array(fc.tuple(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 1e6 })), {
      maxLength: MAX_ACK_RANGES + 8,
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 45 }), gaps, (next, steps) => {
        let at = next;
        const ranges = steps.map(([gap, length]): [number, number] => {
          const from = at + gap;
          at = from + length;
          return [from, at];
        });
        const back = decodeControl(encodeControl({ type: 'ack', ack: { next, ranges } }));
        expect(back).toEqual({ type: 'ack', ack: { next, ranges: ranges.slice(0, MAX_ACK_RANGES) } });
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it.each([
    ['an unknown type', '08'],
    ['type 0', '00'],
    ['more ranges than allowed', `01 0000000000000000 21 ${'0000000100000001'.repeat(33)}`],
    ['a number beyond 2^53', '01 0020000000000000 00'],
  ])('%s is ERR_FRAME', (_name, hex) => {
    expect(codeOf(() => decodeControl(Buffer.from(hex.replaceAll(' ', ''), 'hex')))).toBe('ERR_FRAME');
  });

  it('random bytes give a control or ERR_FRAME, and nothing else', () => {
    const codes = new Set<string | undefined>();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.integer({ min: 0, max: 9 }), (bytes, type) => {
        const plain = Buffer.from([type, ...bytes]);
        codes.add(codeOf(() => decodeControl(plain)));
      }),
      { seed: 1, numRuns: 3000 },
    );
    expect(codes).toEqual(new Set([undefined, 'ERR_FRAME']));
  });
});
