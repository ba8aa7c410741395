import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { exchangeBytes, startRig, type TunnelRig } from '../../../support/tunnel-rig.ts';

let rig: TunnelRig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

describe('a tunnel over HTTP', () => {
  it('carries bytes both ways, exactly, with half-close', async () => {
    rig = await startRig({ target: (socket) => socket.pipe(socket) });
    for (const size of [0, 1, 1000, 100_000, 5_000_000]) {
      const bytes = randomBytes(size);
      const back = await exchangeBytes(rig.port, bytes);
      expect(back.length).toBe(size);
      expect(back.equals(bytes)).toBe(true);
    }
    expect(rig.client.status().state.kind).toBe('connected');
  });

  it('carries many streams at once', async () => {
    rig = await startRig({ target: (socket) => socket.pipe(socket) });
    const { port } = rig;
    const all = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const bytes = randomBytes(1000 + i * 5000);
        return (await exchangeBytes(port, bytes)).equals(bytes);
      }),
    );
    expect(all.every(Boolean)).toBe(true);
  });
});
