import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeAnswer,
  decodePoll,
  encodeAnswer,
  encodePoll,
  MAX_POLL_NUMBERS,
  MODE,
} from '../../../../src-main/engine/wire/poll.ts';
import { codeOf } from '../../../support/codes.ts';

const u32 = fc.nat(0xffff_ffff);
const u8 = fc.nat(255);
const numbers = fc.array(u32, { maxLength: MAX_POLL_NUMBERS });
const polls = fc.record({
  ...{ carrier: u32, request: u32, bytes: u32, holdMs: u32, wantBytes: u32, park: u8 },
  ...{ open: numbers, lost: numbers, piece: u32, offset: u32 },
  mode: fc.constantFrom(...Object.values(MODE)),
});
const answers = fc.record({
  ...{ request: u32, bytes: u32, heldMs: u32, more: fc.boolean(), gone: fc.boolean(), apart: fc.boolean() },
  seen: fc.array(fc.nat(2), { maxLength: MAX_POLL_NUMBERS }),
});
const RUNS = { seed: 1, numRuns: 500 };

describe('POLL', () => {
  it('is read as written, whatever follows it', () => {
    fc.assert(
      fc.property(polls, fc.uint8Array({ maxLength: 96 }), (poll, padding) => {
        expect(decodePoll(Buffer.concat([encodePoll(7, poll), padding]))).toEqual(poll);
      }),
      RUNS,
    );
  });

  it('names no more than it may', () => {
    const many = Array.from({ length: 50 }, (_, i) => i);
    const rest = { carrier: 1, request: 2, bytes: 0, holdMs: 0, wantBytes: 0, park: 0, piece: 0, offset: 0 };
    const read = decodePoll(encodePoll(7, { ...rest, open: many, lost: many, mode: MODE.plain }));
    expect([read.open.length, read.lost.length]).toEqual([MAX_POLL_NUMBERS, MAX_POLL_NUMBERS]);
  });

  it('that is cut short or names too many is refused', () => {
    fc.assert(
      fc.property(polls, fc.nat(), (poll, at) => {
        const bytes = encodePoll(7, poll);
        expect(codeOf(() => decodePoll(bytes.subarray(0, at % bytes.length)))).toBe('ERR_FRAME');
      }),
      RUNS,
    );
    const bytes = Buffer.concat([Buffer.alloc(33), Buffer.alloc(1024)]);
    bytes[22] = MAX_POLL_NUMBERS + 1;
    expect(codeOf(() => decodePoll(bytes))).toBe('ERR_FRAME');
  });

  it('of a mode that is not known is a plain one', () => {
    const bytes = Buffer.alloc(33);
    bytes[32] = 99;
    expect(decodePoll(bytes).mode).toBe(MODE.plain);
  });
});

describe('ANSWER', () => {
  it('is read as written, whatever follows it', () => {
    fc.assert(
      fc.property(answers, fc.uint8Array({ maxLength: 96 }), (answer, padding) => {
        expect(decodeAnswer(Buffer.concat([encodeAnswer(8, answer), padding]))).toEqual(answer);
      }),
      RUNS,
    );
  });

  it('that is cut short is refused', () => {
    fc.assert(
      fc.property(answers, fc.nat(), (answer, at) => {
        const bytes = encodeAnswer(8, answer);
        expect(codeOf(() => decodeAnswer(bytes.subarray(0, at % bytes.length)))).toBe('ERR_FRAME');
      }),
      RUNS,
    );
  });
});
