import { describe, expect, it } from 'vitest';
import {
  type ClientCounters,
  clientLine,
  headLine,
  NO_CLIENT_COUNTERS,
  NO_SERVER_COUNTERS,
  serverLine,
} from '../../stress/status.ts';

describe('status lines', () => {
  it('are the documented ones, letter for letter', () => {
    const before: ClientCounters = {
      active: 100,
      total: 100,
      success: 100,
      failed: 0,
      sent: 46_699,
      received: 46_566,
      bytes: 1_000_000,
      errors: 5,
      latencyMicros: 7_000_000,
    };
    const now: ClientCounters = {
      ...before,
      sent: 50_000,
      received: 49_850,
      bytes: 7_900_000,
      latencyMicros: 7_000_000 + 3284 * 12_340,
    };
    expect(headLine(30)).toBe('=== 30.0s ===');
    expect(clientLine(now, before, 2)).toBe(
      'CLIENT: Conns: 100/100 (act/tot), Success: 100, Failed: 0, Msgs: 50000→49850, ' +
        'Rate: 1650.5→1642.0 msg/s, BW: 3.45 MB/s, Errors: 5, Latency: 12.34 ms',
    );
    const serverBefore = { active: 100, total: 100, received: 46_566, bytes: 1_000_000 };
    const serverNow = { ...serverBefore, received: 49_850, bytes: 7_900_000 };
    expect(serverLine(serverNow, serverBefore, 2)).toBe(
      'SERVER: Conns: 100/100 (act/tot), Msgs: 49850, Rate: 1642.0 msg/s, BW: 3.45 MB/s',
    );
  });

  it('has numbers, never NaN, before anything has happened', () => {
    expect(clientLine(NO_CLIENT_COUNTERS, NO_CLIENT_COUNTERS, 0)).toBe(
      'CLIENT: Conns: 0/0 (act/tot), Success: 0, Failed: 0, Msgs: 0→0, ' +
        'Rate: 0.0→0.0 msg/s, BW: 0.00 MB/s, Errors: 0, Latency: 0.00 ms',
    );
    expect(serverLine(NO_SERVER_COUNTERS, NO_SERVER_COUNTERS, 0)).toBe(
      'SERVER: Conns: 0/0 (act/tot), Msgs: 0, Rate: 0.0 msg/s, BW: 0.00 MB/s',
    );
    expect(headLine(12.04)).toBe('=== 12.0s ===');
  });
});
