import { describe, expect, it } from 'vitest';
import { answerError, clockOffset } from '../../../../src-main/engine/client/server-answer.ts';

const answer = (status: number, location?: string) => ({
  status,
  statusText: 'Text',
  date: undefined,
  location,
});

describe('an answer that is not the tunnel’s', () => {
  it.each([
    [200, undefined, 'ERR_KEY_OR_CLOCK'],
    [404, undefined, 'ERR_KEY_OR_CLOCK'],
    [426, undefined, 'ERR_KEY_OR_CLOCK'],
    [500, undefined, 'ERR_KEY_OR_CLOCK'],
    [301, 'https://a/', 'ERR_NOT_CULVERT'],
    [302, undefined, 'ERR_NOT_CULVERT'],
    [407, undefined, 'ERR_PROXY'],
    [408, undefined, 'ERR_SERVER_UNREACHABLE'],
    [429, undefined, 'ERR_BLOCKED'],
    [502, undefined, 'ERR_SERVER_UNREACHABLE'],
    [503, undefined, 'ERR_SERVER_UNREACHABLE'],
    [504, undefined, 'ERR_SERVER_UNREACHABLE'],
    [522, undefined, 'ERR_SERVER_UNREACHABLE'],
  ])('%d (%s) is %s: it names the server, what it said, and a remedy', (status, location, code) => {
    const error = answerError('example.org:80', answer(status, location));
    expect(error.code).toBe(code);
    expect(error.message).toContain('example.org:80');
    expect(error.message).toContain(`HTTP ${status} Text`);
    expect(error.remedy).toMatch(/\w{5}/);
    expect(error.details).toEqual({ status });
  });

  it.each([
    [600_500, -600_000],
    [-7_199_500, 7_200_000],
  ])('a clock that is off by %d is told, by how much too', (offsetMs, clockOffsetMs) => {
    const error = answerError('a', answer(404), { offsetMs, skewMs: 120_000 });
    expect(error.code).toBe('ERR_CLOCK');
    expect(error.details).toEqual({ status: 404, clockOffsetMs });
  });

  it('a gateway is told from the server, and its page is not taken for that of a login', () => {
    const html = { contentType: 'text/html' };
    for (const [status, words] of [
      [408, 'gave up waiting'],
      [429, 'fewer requests'],
      [502, 'cannot reach'],
      [504, 'got no answer'],
    ] as const)
      expect(answerError('a', { ...answer(status), ...html }).message).toMatch(words);
  });

  it('a redirection names its aim; to https the remedy is the address', () => {
    const error = answerError('a', answer(301, 'https://b/c'));
    expect(error.message).toContain('https://b/c');
    expect(error.remedy).toContain('https://');
    expect(answerError('a', answer(302, 'http://login/')).remedy).toContain('login');
  });

  it('without a reason phrase has no stray space', () => {
    const error = answerError('a', { status: 404, statusText: '', date: undefined, location: undefined });
    expect(error.message).toContain('(HTTP 404)');
  });
});

describe('the clock by Date', () => {
  it.each([
    [undefined, undefined],
    [0, 0],
    [1000, 0],
    [-2000, 0],
    [60_000, 60_500],
    [-60_000, -59_500],
    [3_600_000, 3_600_500],
  ])('a Date %d ms from here means an offset of %d', (difference, offset) => {
    const wall = 1_700_000_000_000;
    expect(clockOffset(difference === undefined ? undefined : wall + difference, wall)).toBe(offset);
  });
});
