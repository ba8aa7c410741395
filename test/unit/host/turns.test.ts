import { describe, expect, it } from 'vitest';
import { Turns } from '../../../src-main/host/turns.ts';

describe('turns', () => {
  it('do not overlap, and keep their order', async () => {
    const turns = new Turns();
    const events: string[] = [];
    const act = (name: string) => async (): Promise<string> => {
      events.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      events.push(`${name} ends`);
      return name;
    };
    expect(await Promise.all([turns.take(act('a')), turns.take(act('b'))])).toEqual(['a', 'b']);
    expect(events).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('go on after one that failed, which its caller alone hears of', async () => {
    const turns = new Turns();
    const failing = turns.take(() => Promise.reject(new Error('no')));
    const next = turns.take(async () => 'yes');
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });
});
