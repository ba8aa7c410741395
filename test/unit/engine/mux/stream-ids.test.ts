import { describe, expect, it } from 'vitest';
import { StreamIds } from '../../../../src-main/engine/mux/stream-ids.ts';

const none = new Set<number>();
/** Two streams before ids start again. */
const LATE = 0xffff_fffc;

describe('own ids', () => {
  it('are odd at the client, even at the server, ascending', () => {
    const client = new StreamIds('client');
    const server = new StreamIds('server');
    expect([client.take(none), client.take(none), client.take(none)]).toEqual([1, 3, 5]);
    expect([server.take(none), server.take(none), server.take(none)]).toEqual([2, 4, 6]);
  });

  it('start again from the bottom, without 0', () => {
    const client = new StreamIds('client', LATE);
    const server = new StreamIds('server', LATE);
    expect([client.take(none), client.take(none), client.take(none)]).toEqual([0xffff_fffd, 0xffff_ffff, 1]);
    expect([server.take(none), server.take(none), server.take(none)]).toEqual([0xffff_fffe, 2, 4]);
  });

  it('pass over those that are in use', () => {
    const ids = new StreamIds('client', LATE);
    const inUse = new Set([0xffff_ffff, 1, 5]);
    expect([ids.take(inUse), ids.take(inUse), ids.take(inUse)]).toEqual([0xffff_fffd, 3, 7]);
  });
});

describe("the peer's ids", () => {
  const accepted = (ids: StreamIds, list: number[], inUse = none): boolean[] =>
    list.map((id) => ids.takePeers(id, inUse));

  it('are of its parity, and each is later than the one before', () => {
    expect(accepted(new StreamIds('server'), [1, 5, 5, 3, 6, 7])).toEqual([
      true,
      true,
      false,
      false,
      false,
      true,
    ]);
    expect(accepted(new StreamIds('client'), [0, 2, 3, 6, 4])).toEqual([false, true, false, true, false]);
  });

  it('are what the other side takes, also where they start again', () => {
    const client = new StreamIds('client', LATE);
    const server = new StreamIds('server', LATE);
    for (let i = 0; i < 10; i++) {
      expect(server.takePeers(client.take(none), none)).toBe(true);
      expect(client.takePeers(server.take(none), none)).toBe(true);
    }
  });

  it('are none of those in use, and no further than half of all ahead', () => {
    const ids = new StreamIds('server', LATE);
    expect(accepted(ids, [1, 3], new Set([1]))).toEqual([false, true]);
    expect(accepted(ids, [3 + 2 ** 31, 1 + 2 ** 31])).toEqual([false, true]);
    expect(accepted(ids, [3, 0x7fff_ffff, 0xffff_ffff, 3])).toEqual([false, false, true, true]);
  });
});
