import { describe, expect, it } from 'vitest';
import { type LogLine, logLineSchema, logMatcher, printLogLine } from '../../../src-shared/logs.ts';

const line = (change: Partial<LogLine> = {}): LogLine => ({
  ...{
    seq: 1,
    at: 0,
    level: 'info',
    scope: 'client',
    profileId: 'p',
    code: null,
    text: 'connected: WebSocket',
  },
  ...change,
});
const all = { level: 'trace', profileId: null, text: '' } as const;

describe('logMatcher', () => {
  it.each([
    [all, true],
    [{ ...all, level: 'info' }, true],
    [{ ...all, level: 'warn' }, false],
    [{ ...all, profileId: 'p' }, true],
    [{ ...all, profileId: 'q' }, false],
    [{ ...all, text: 'WEBsocket  client' }, true],
    [{ ...all, text: 'websocket server' }, false],
    [{ ...all, text: '   ' }, true],
  ] as const)('%j: %s', (filter, matches) => {
    expect(logMatcher(filter)(line())).toBe(matches);
  });

  it('finds codes', () => {
    expect(logMatcher({ ...all, text: 'err_proxy' })(line({ code: 'ERR_PROXY' }))).toBe(true);
  });
});

describe('printLogLine', () => {
  it('is one line of fixed columns', () => {
    const given = line({ level: 'warn', code: 'ERR_PROXY' });
    expect(logLineSchema.parse(given)).toEqual(given);
    expect(printLogLine(given)).toBe('1970-01-01T00:00:00.000Z warn  client ERR_PROXY connected: WebSocket');
    expect(printLogLine(line())).toBe('1970-01-01T00:00:00.000Z info  client connected: WebSocket');
  });
});
