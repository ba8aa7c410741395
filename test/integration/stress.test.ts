import { expect, it } from 'vitest';
import { runStress } from '../stress/run-stress.ts';

it.each(['ws', 'http', 'kcp'] as const)(
  '50 WebSocket connections through a real tunnel over %s: every message comes back',
  async (transport) => {
    const lines: string[] = [];
    const result = await runStress(
      { transport, conns: 50, msgs: 100, size: 1024, durationMs: 40_000 },
      { print: (line) => lines.push(line) },
    );
    expect(result.problems).toEqual([]);
    expect(result).toMatchObject({ ok: true, interrupted: false });
    expect(result.client).toMatchObject({ received: 5000, errors: 0, failed: 0 });
    expect(lines.some((line) => line.startsWith('CLIENT: Conns: '))).toBe(true);
  },
  60_000,
);
