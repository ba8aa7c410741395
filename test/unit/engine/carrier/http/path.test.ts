import { describe, expect, it } from 'vitest';
import { CulvertError } from '../../../../../src-main/engine/base/errors.ts';
import type { ClientRequest } from '../../../../../src-main/engine/carrier/http/client-request.ts';
import { Path } from '../../../../../src-main/engine/carrier/http/path.ts';
import type { PathMemory } from '../../../../../src-main/engine/carrier/http/path-memory.ts';
import { MODE } from '../../../../../src-main/engine/wire/poll.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';

type Asked = Pick<ClientRequest, 'bytes' | 'holdMs' | 'sentAt' | 'mode'>;

function request(clock: FakeClock, given: Partial<Asked> = {}): ClientRequest {
  const asked: Asked = { bytes: 0, holdMs: 8000, sentAt: clock.now(), mode: MODE.plain, ...given };
  return asked as ClientRequest;
}

const answer = { request: 1, bytes: 0, heldMs: 0, more: false, gone: false, apart: false, seen: [] };
const failure = (kind: 'cut' | 'tooLarge' | 'foreign' | 'untouched', retryAfterMs = 0) => ({
  kind,
  error: new CulvertError('ERR_CARRIER_LOST', kind),
  sent: true,
  retryAfterMs,
});

describe('Path', () => {
  it('halves the body on 413, to a bound, and tries more after ten minutes', () => {
    const clock = new FakeClock();
    const path = new Path(clock, undefined);
    expect(path.failed(request(clock, { bytes: 900_000 }), failure('tooLarge'))).toBe('passes');
    expect(path.bodyLimit).toBe(450_000);
    for (let i = 0; i < 10; i++) path.failed(request(clock, { bytes: path.bodyLimit }), failure('tooLarge'));
    expect(path.bodyLimit).toBe(8192);
    clock.advance(10 * 60_000 + 1);
    path.answered(request(clock), answer);
    path.answered(request(clock), answer);
    expect(path.bodyLimit).toBe(16_384);
  });

  it('takes the cut of a request that waited for the path’s way, other failures for doubt', () => {
    const clock = new FakeClock();
    const path = new Path(clock, undefined);
    const waits = request(clock);
    clock.advance(5000);
    expect(path.failed(waits, failure('cut'))).toBe('passes');
    expect(path.hold.cutAtMs).toBe(5000);
    expect(path.failed(request(clock), failure('untouched'))).toBe('passes');
    expect(path.failed(request(clock), failure('foreign'))).toBe('doubtful');
    expect(path.health.failures).toBe(1);
  });

  it('does as a gateway asks that wants patience, and learns no cut from it', () => {
    const clock = new FakeClock();
    const path = new Path(clock, undefined);
    const waits = request(clock);
    clock.advance(5000);
    expect(path.failed(waits, failure('cut', 3000))).toBe('doubtful');
    expect(path.health.pausedUntil).toBe(clock.now() + 3000);
    expect(path.hold.cutAtMs).toBeUndefined();
  });

  it('keeps more requests waiting while the server is behind, fewer when it is not', () => {
    const clock = new FakeClock();
    const path = new Path(clock, undefined);
    for (let i = 0; i < 20; i++) path.answered(request(clock), { ...answer, bytes: 1e6, more: true });
    expect(path.wantPolls).toBe(3);
    for (let i = 0; i < 20; i++) path.answered(request(clock), answer);
    expect(path.wantPolls).toBe(1);
  });

  it('remembers what it learnt, as JSON, and goes on from there', () => {
    const clock = new FakeClock();
    const path = new Path(clock, undefined);
    path.failed(request(clock, { bytes: 400_000 }), failure('tooLarge'));
    const waits = request(clock);
    clock.advance(5000);
    path.failed(waits, failure('cut'));
    path.streamOver(request(clock, { mode: MODE.tryDown }), true);
    path.streamOver(request(clock, { mode: MODE.tryUp }), false);
    const memory: PathMemory = JSON.parse(JSON.stringify(path.memory));
    expect(memory).toEqual({
      at: clock.wall(),
      checkedAt: clock.wall(),
      holdMs: 4000,
      cutAtMs: 5000,
      bodyLimit: 200_000,
      polls: 1,
      streamsDown: true,
      streamsUp: false,
    });
    const next = new Path(clock, memory);
    expect([next.hold.ms, next.hold.cutAtMs, next.bodyLimit]).toEqual([4000, 5000, 200_000]);
    expect([next.streamsDown.works, next.streamsUp.works, next.streamsUp.isDue]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('finds out anew what is old, and does not believe what is very old or not sound', () => {
    const clock = new FakeClock();
    const fresh: PathMemory = {
      at: clock.wall(),
      checkedAt: clock.wall(),
      holdMs: 30_000,
      bodyLimit: 50_000,
      polls: 3,
      streamsDown: true,
    };
    const old = new Path(clock, { ...fresh, checkedAt: clock.wall() - 3_600_000, cutAtMs: 40_000 });
    expect([old.hold.ms, old.hold.cutAtMs, old.bodyLimit]).toEqual([30_000, undefined, 1_000_000]);
    expect(old.streamsDown.isDue).toBe(true);
    for (const wrong of [
      { at: clock.wall() - 2e8 },
      { at: clock.wall() + 1000 },
      { polls: 1e9 },
      { bodyLimit: 1 },
    ])
      expect(new Path(clock, { ...fresh, ...wrong }).hold.ms).toBe(8000);
  });

  it('finds limits out anew after ten minutes, however many short runs remembered them meanwhile', () => {
    const clock = new FakeClock();
    let path = new Path(clock, undefined);
    path.failed(request(clock, { bytes: 400_000 }), failure('tooLarge'));
    for (let minutes = 0; minutes < 9; minutes += 3) {
      clock.advance(3 * 60_000);
      path = new Path(clock, path.memory);
      path.answered(request(clock), answer);
      expect(path.bodyLimit).toBe(200_000);
    }
    clock.advance(60_001);
    expect(path.memory.at).toBe(clock.wall() - 60_001);
    expect(new Path(clock, path.memory).bodyLimit).toBe(1_000_000);
  });

  it('makes shorter streams where a gateway refuses long ones, and gives them up where that does not help', () => {
    const clock = new FakeClock();
    const path = new Path(clock, undefined);
    path.streamOver(request(clock, { mode: MODE.tryUp }), true);
    const stream = (bytes: number): ClientRequest => {
      const asked: Asked & { upload: { bytes: number } } = {
        bytes: 0,
        holdMs: 8000,
        sentAt: clock.now(),
        mode: MODE.up,
        upload: { bytes },
      };
      return asked as ClientRequest;
    };
    path.streamOver(stream(900_000), true);
    expect(path.streamLength.bytes).toBe(8_000_000);
    path.streamOver(stream(1_500_000), 'tooLong');
    expect([path.streamsUp.works, path.streamLength.bytes]).toEqual([true, 900_000]);
    path.streamOver(stream(100_000), 'tooLong');
    expect(path.streamsUp.works).toBe(false);
  });

  it('gives streaming up when a stream breaks', () => {
    const clock = new FakeClock();
    const path = new Path(clock, undefined);
    path.streamOver(request(clock, { mode: MODE.tryDown }), true);
    path.streamOver(request(clock, { mode: MODE.down }), true);
    expect(path.streamsDown.works).toBe(true);
    path.streamOver(request(clock, { mode: MODE.down }), false);
    expect([path.streamsDown.works, path.streamsDown.isDue]).toEqual([false, false]);
    expect(path.health.failures).toBe(0);
  });
});
