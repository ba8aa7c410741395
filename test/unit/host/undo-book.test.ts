import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UndoBook } from '../../../src-main/host/undo-book.ts';
import { UNDO_MS } from '../../../src-shared/limits.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const expired = { failure: { code: 'ERR_EXPIRED' } };

describe('the undo book', () => {
  it('runs each once', async () => {
    const book = new UndoBook();
    let runs = 0;
    const { token, until } = book.add(async () => {
      runs++;
    });
    expect(until).toBe(Date.now() + UNDO_MS);
    await book.run(token);
    await expect(book.run(token)).rejects.toMatchObject(expired);
    expect(runs).toBe(1);
  });

  it('forgets what is too old, and the oldest of too many', async () => {
    const book = new UndoBook();
    const { token } = book.add(async () => {});
    vi.advanceTimersByTime(UNDO_MS);
    await expect(book.run(token)).rejects.toMatchObject(expired);
    const tokens = Array.from({ length: 51 }, () => book.add(async () => {}).token);
    await expect(book.run(tokens[0])).rejects.toMatchObject(expired);
    await book.run(tokens[1]);
  });
});
