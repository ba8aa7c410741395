import { describe, expect, it } from 'vitest';
import { PieceJoiner } from '../../../../../src-main/engine/carrier/http/piece-joiner.ts';
import { MODE, type Poll } from '../../../../../src-main/engine/wire/poll.ts';

/** The flows that a joiner opened, as text, and a way to give it pieces. */
function joiner(): { flows: string[]; give: (piece: number, offset: number, text: string) => void } {
  const flows: string[] = [];
  const pieces = new PieceJoiner(() => {
    const at = flows.push('') - 1;
    return {
      push: (chunk) => {
        flows[at] += chunk;
      },
    };
  });
  const rest = { carrier: 1, request: 1, holdMs: 0, wantBytes: 0, park: 0, open: [], lost: [] };
  const give = (piece: number, offset: number, text: string): void => {
    const poll: Poll = { ...rest, piece, offset, bytes: text.length, mode: MODE.plain };
    pieces.push(poll, [Buffer.from(text)]);
  };
  return { flows, give };
}

describe('PieceJoiner', () => {
  it('joins the pieces of one record, and skips what was there before', () => {
    const { flows, give } = joiner();
    give(1, 0, 'abcd');
    give(1, 0, 'ab');
    give(1, 2, 'cdef');
    give(1, 6, 'g');
    give(2, 0, 'xy');
    expect(flows).toEqual(['abcdefg', 'xy']);
  });

  it('is not confused by a piece of an earlier record that comes late', () => {
    const { flows, give } = joiner();
    give(1, 0, 'ab');
    give(1, 2, 'c');
    give(2, 0, 'vw');
    // Given up by its sender long ago, and held by a proxy until now.
    give(1, 0, 'ab');
    give(2, 2, 'xy');
    expect(flows.join('|')).toBe('abc|vwxy');
  });
});
