import { describe, expect, it } from 'vitest';
import { atTurnEnd, runTurn, turnTime } from '../../../../src-main/engine/base/turn-end.ts';

const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a turn's end", () => {
  it('is after everything that the turn serves, and within it for what comes late', () => {
    const order: string[] = [];
    runTurn(() => {
      atTurnEnd(() => {
        order.push('first end');
        atTurnEnd(() => order.push('late end'));
      });
      order.push('served');
    });
    expect(order[0]).toBe('served');
    expect(order[1]).toBe('first end');
  });

  it('is that of the outer turn, where one is within another', () => {
    const order: string[] = [];
    runTurn(() => {
      runTurn(() => atTurnEnd(() => order.push('end')));
      order.push('outer');
    });
    expect(order).toEqual(['outer', 'end']);
  });

  it("is that of the event loop's turn, where there is no other", async () => {
    const order: string[] = [];
    atTurnEnd(() => order.push('end'));
    order.push('now');
    process.nextTick(() => order.push('tick'));
    await immediate();
    expect(order).toEqual(['now', 'tick', 'end']);
  });

  it('comes also when serving fails, and one that fails keeps no other back', async () => {
    const order: string[] = [];
    expect(() =>
      runTurn(() => {
        atTurnEnd(() => order.push('one'));
        throw new Error('serving');
      }),
    ).toThrow('serving');
    expect(order).toEqual(['one']);
    expect(() =>
      runTurn(() => {
        atTurnEnd(() => {
          throw new Error('ending');
        });
        atTurnEnd(() => order.push('two'));
      }),
    ).toThrow('ending');
    await immediate();
    expect(order).toEqual(['one', 'two']);
  });

  it('tells whether there was anything to do', () => {
    expect(runTurn(() => {})).toBe(false);
    expect(runTurn(() => atTurnEnd(() => {}))).toBe(true);
    expect(runTurn(() => expect(runTurn(() => atTurnEnd(() => {}))).toBe(false))).toBe(true);
  });
});

describe("a turn's time", () => {
  const pass = (): void => {
    const from = performance.now();
    while (performance.now() < from + 2);
  };

  it('stands still within it, its end included, and goes on behind it, also when it fails', () => {
    const times: number[] = [];
    const before = turnTime();
    runTurn(() => {
      times.push(turnTime());
      pass();
      times.push(turnTime());
      atTurnEnd(() => times.push(turnTime()));
    });
    expect(new Set(times).size).toBe(1);
    expect(times[0]).toBeGreaterThanOrEqual(before);
    expect(turnTime()).toBeGreaterThanOrEqual(times[0] + 2);
    expect(() =>
      runTurn(() => {
        throw new Error('serving');
      }),
    ).toThrow();
    const after = turnTime();
    pass();
    expect(turnTime()).toBeGreaterThan(after + 1);
  });
});
