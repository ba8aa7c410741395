import { describe, expect, it } from 'vitest';
import type { CarrierRecord } from '../../../../src-main/engine/carrier/carrier.ts';
import { earlyFrame } from '../../../../src-main/engine/wire/early.ts';
import { FRAME, smallFrame } from '../../../../src-main/engine/wire/frame.ts';
import { SessionPair } from '../../../support/session-pair.ts';

interface Scene {
  readonly pair: SessionPair;
  /** Plaintexts that the client's user has, by the way that they go. */
  readonly early: string[];
  readonly ordinary: string[];
  /** What the server's user was given. */
  readonly got: string[];
  readonly ends: string[];
  readonly sent: CarrierRecord[];
}

function scene(limits = {}): Scene {
  const sent: CarrierRecord[] = [];
  const pair = new SessionPair({
    early: true,
    limits,
    pipe: { lanes: () => true, delayMs: [10, 10], tap: (_from, record) => sent.push(record) },
  });
  const [early, ordinary, got, ends]: string[][] = [[], [], [], []];
  const frame = (text: string): Buffer => smallFrame(FRAME.data, 1, Buffer.from(text));
  pair.client.use({
    pull: () => {
      const text = ordinary.shift();
      return text === undefined ? undefined : { parts: [frame(text)], length: 8 + text.length };
    },
    pullEarly: (_limit, seq) => {
      const text = early.shift();
      if (text === undefined) return undefined;
      return { parts: [earlyFrame(seq, []), frame(text)], length: 16 + text.length };
    },
    onRecord: () => true,
    onSessionEnd: () => {},
  });
  pair.server.use({
    pull: () => undefined,
    onRecord: (pieces) => {
      const bytes = Buffer.concat(pieces);
      got.push(bytes.subarray(bytes[0] === FRAME.early ? 16 : 8).toString('utf8', 0, 20));
      return true;
    },
    onSessionEnd: (error) => ends.push(error.code),
  });
  pair.attachFirst();
  pair.clock.advance(200);
  return { pair, early, ordinary, got, ends, sent };
}

describe('a session with early records', () => {
  it('sends them by the urgent way, and with them what of its own may overtake', () => {
    const { pair, early, ordinary, got, sent } = scene();
    sent.length = 0;
    ordinary.push('bulk');
    early.push('key');
    pair.client.wake(true);
    pair.clock.advance(200);
    expect(got).toEqual(expect.arrayContaining(['key', 'bulk']));
    expect(sent.filter(({ reliable }) => reliable).map(({ urgent }) => urgent)).toEqual([true, false]);
    const acks = sent.filter(({ reliable }) => !reliable);
    expect(acks.length).toBeGreaterThan(0);
    expect(acks.every(({ urgent }) => urgent === true)).toBe(true);
  });

  it('keeps a part of its send buffer for them', () => {
    const { pair, early, ordinary, sent } = scene({ sendBufferBytes: 80_000 });
    pair.pipe?.client.cutPath();
    sent.length = 0;
    for (let i = 0; i < 200; i++) ordinary.push('x'.repeat(1000));
    pair.client.wake(true);
    const before = sent.length;
    expect(ordinary.length).toBeGreaterThan(100);
    expect(pair.client.unacknowledged).toBeLessThan(72_000);
    early.push('key');
    pair.client.wake(true);
    expect(sent.length).toBe(before + 1);
    expect(early).toEqual([]);
    for (let i = 0; i < 200; i++) early.push('y'.repeat(1000));
    pair.client.wake(true);
    expect(early.length).toBeGreaterThan(150);
    expect(pair.client.unacknowledged).toBeLessThan(82_000);
  });

  it('that ends in order first says once more what may be lost, so that the end comes last', () => {
    const { pair, early, got, ends } = scene();
    const { pipe } = pair;
    if (pipe === undefined) throw new Error('no carrier');
    pipe.client.loseUrgent = true;
    early.push('the last words');
    pair.client.wake(true);
    pair.clock.advance(200);
    expect(got).toEqual([]);
    pair.client.close();
    pair.clock.advance(200);
    expect(got).toEqual(['the last words']);
    expect(ends).toEqual(['ERR_CLOSED']);
  });

  it('has none where the peer takes none', () => {
    const pair = new SessionPair({ pipe: { lanes: () => true } });
    pair.attachFirst();
    expect(pair.client.progress.early).toBe(false);
  });

  it('has none while its carrier has no way for them', () => {
    let lanes = true;
    const pair = new SessionPair({ early: true, pipe: { lanes: () => lanes } });
    pair.attachFirst();
    expect(pair.client.progress.early).toBe(true);
    lanes = false;
    pair.attachAgain();
    pair.clock.advance(100);
    expect(pair.client.progress.early).toBe(false);
    lanes = true;
    pair.attachAgain();
    pair.clock.advance(100);
    expect([pair.client.progress.early, pair.server.progress.early]).toEqual([true, true]);
  });
});
