import { beforeEach, describe, expect, it } from 'vitest';
import { type EndingSession, endInOrder } from '../../../../src-main/engine/session/ending.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { memoryPipe } from '../../../support/memory-carrier.ts';

let clock: FakeClock;
let session: EndingSession & { unacknowledged: number; lingers: boolean; told: () => void };
let said: string[];
let over: boolean;

beforeEach(() => {
  clock = new FakeClock();
  said = [];
  over = false;
  const { client: carrier } = memoryPipe({ clock });
  let told = (): void => {};
  const gone = new Promise<void>((resolve) => {
    told = resolve;
  });
  session = {
    stats: { sentBytes: 0, receivedBytes: 0, resentBytes: 0, resumes: 0, rttMs: 25, minRttMs: 25 },
    // One that needs requests.
    carrier: Object.assign(carrier, { closeWith: () => {} }),
    unacknowledged: 0,
    lingers: true,
    gone,
    close: () => void said.push(`closed at ${at()}`),
    destroy: () => void said.push(`cut at ${at()}`),
    told: () => told(),
  };
  begunAt = clock.now();
});

let begunAt = 0;
const at = (): number => clock.now() - begunAt;

function begin(settle: boolean, asked: boolean): void {
  void endInOrder(session, { clock, settle, settleMs: 3_000, asked }).then(() => {
    over = true;
  });
}

/** Time in which `each` happens every 10 ms. */
async function pass(ms: number, each = (): void => {}): Promise<void> {
  for (const end = clock.now() + ms; clock.now() < end; ) {
    each();
    for (let i = 0; i < 5; i++) await Promise.resolve();
    clock.advance(10);
    for (let i = 0; i < 5; i++) await Promise.resolve();
  }
}

describe('the end of a session over HTTP', () => {
  it('comes as soon as the other end has all, and is waited for until it is told', async () => {
    session.unacknowledged = 1000;
    begin(true, true);
    await pass(300);
    expect(said).toEqual([]);
    session.unacknowledged = 0;
    await pass(10);
    expect(said).toEqual(['closed at 310']);
    await pass(100);
    expect(over).toBe(false);
    session.told();
    await pass(10);
    expect(over).toBe(true);
  });

  it('waits for what is under way while that gets less, for the time of the drain at most', async () => {
    session.unacknowledged = 1_000_000;
    begin(true, true);
    await pass(2_900, () => {
      session.unacknowledged -= 100;
    });
    expect(said).toEqual([]);
    await pass(200, () => {
      session.unacknowledged -= 100;
    });
    expect(said).toEqual(['closed at 3000']);
  });

  it('waits once, half a second and four round trips, for a client that does not come', async () => {
    session.unacknowledged = 1000;
    begin(true, true);
    await pass(2_000);
    expect(said).toEqual(['closed at 600', 'cut at 600']);
    expect(over).toBe(true);
  });

  it('is told to a server that does not answer all the same', async () => {
    session.unacknowledged = 1000;
    begin(true, false);
    await pass(2_000);
    expect(said).toEqual(['closed at 600', 'cut at 1200']);
  });

  it('does not wait for what the end cuts, nor where nothing lingers', async () => {
    session.unacknowledged = 1000;
    session.lingers = false;
    begin(false, true);
    await pass(10);
    expect(over).toBe(true);
    expect(said[0]).toBe('closed at 0');
  });

  it('does not wait on a carrier that keeps the order', async () => {
    session.unacknowledged = 1000;
    session.lingers = false;
    Object.assign(session, { carrier: memoryPipe({ clock }).client });
    begin(true, true);
    await pass(10);
    expect(said).toEqual(['closed at 0', 'cut at 0']);
  });
});
