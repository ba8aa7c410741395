import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { KnownBytes } from '../support/known-bytes.ts';
import { exchangeBytes, startRig, type TunnelRig } from '../support/tunnel-rig.ts';

const rigs: TunnelRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

describe('a session over UDP', () => {
  it('carries bytes both ways, exactly', async () => {
    const rig = await startRig({
      target: (socket) => socket.pipe(socket),
      client: { transport: 'kcp' },
      server: { udp: { host: '127.0.0.1', port: 0 } },
    });
    rigs.push(rig);
    const bytes = new KnownBytes(1).next(30 << 20);
    const t = performance.now();
    const back = await exchangeBytes(rig.port, bytes);
    console.log(((30 << 20) / 1e3 / (performance.now() - t)).toFixed(1), 'MB/s each way');
    expect(createHash('sha256').update(back).digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(rig.server.sessions()[0].from).toMatch(/^KCP from 127\.0\.0\.1:/);
  });
});
