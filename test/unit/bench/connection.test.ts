import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { wrongEcho } from '../../stress/connection.ts';
import { Load, windowFor } from '../../stress/load.ts';

const opened: WebSocketServer[] = [];

afterEach(async () => {
  for (const server of opened.splice(0)) {
    for (const socket of server.clients) socket.terminate();
    const closed = once(server, 'close');
    server.close();
    await closed;
  }
});

/** An echo server whose `n`-th message of each connection goes through `change`; undefined swallows it. */
async function serve(
  change: (data: Buffer, n: number, socket: WebSocket) => Buffer | undefined,
): Promise<string> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  opened.push(server);
  server.on('connection', (socket) => {
    let n = 0;
    socket.on('message', (data) => {
      const answer = Buffer.isBuffer(data) ? change(data, n++, socket) : undefined;
      if (answer !== undefined) socket.send(answer);
    });
  });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `ws://127.0.0.1:${address.port}`;
}

function loadOn(url: string): Load {
  return new Load({ url, conns: 3, msgs: 40, size: 64 });
}

describe('Load', () => {
  it('counts exact echoes and ends without a problem', async () => {
    const load = loadOn(await serve((data) => data));
    await load.run();
    expect(load.problems).toEqual([]);
    expect(load.counters).toMatchObject({
      active: 0,
      total: 3,
      success: 3,
      failed: 0,
      sent: 120,
      received: 120,
      errors: 0,
      bytes: 2 * 120 * 64,
    });
    expect(load.latency.count).toBe(120);
  });

  it('finds a changed byte, in the body and in the head', async () => {
    for (const at of [0, 7, 63]) {
      const flip = (data: Buffer, n: number): Buffer => {
        if (n === 5) data[at] ^= 0x10;
        return data;
      };
      const load = loadOn(await serve(flip));
      await load.run();
      expect(load.counters).toMatchObject({ errors: 3, received: 15 });
    }
  });

  it('finds a lost, a doubled and a swapped echo', async () => {
    const lost = loadOn(await serve((data, n) => (n === 5 ? undefined : data)));
    await lost.run();
    expect(lost.counters.errors).toBe(3);

    const doubled = loadOn(
      await serve((data, n, socket) => {
        if (n === 39) socket.send(data);
        return data;
      }),
    );
    await doubled.run();
    expect(doubled.counters).toMatchObject({ received: 120, errors: 3 });

    let held: Buffer | undefined;
    const swapped = loadOn(
      await serve((data, n, socket) => {
        if (n === 5) {
          held = data;
          return undefined;
        }
        if (n === 6 && held !== undefined) {
          socket.send(data);
          return held;
        }
        return data;
      }),
    );
    await swapped.run();
    expect(swapped.counters.errors).toBe(3);
  });

  it('counts a connection that breaks as an error, and one that never opens as failed', async () => {
    const breaks = loadOn(
      await serve((data, n, socket) => {
        if (n === 5) socket.terminate();
        return data;
      }),
    );
    await breaks.run();
    expect(breaks.counters).toMatchObject({ success: 3, failed: 0, errors: 3, active: 0 });

    const url = await serve((data) => data);
    opened.splice(0).forEach((server) => {
      server.close();
    });
    const refused = loadOn(url);
    await refused.run();
    expect(refused.counters).toMatchObject({ success: 0, failed: 3, errors: 0 });
    expect(refused.problems).toHaveLength(3);
  });

  it('when time is up sends no more, and takes what is owed', async () => {
    const load = new Load({ url: await serve((data) => data), conns: 3, msgs: 1_000_000, size: 64 });
    const over = load.run();
    while (load.counters.received < 50) await new Promise((resolve) => setImmediate(resolve));
    await load.finish();
    await over;
    expect(load.counters).toMatchObject({ active: 0, errors: 0, failed: 0 });
    expect(load.counters.received).toBe(load.counters.sent);
    expect(load.counters.sent).toBeLessThan(3_000_000);
  });
});

describe('windowFor', () => {
  it('is bounded by messages and by bytes, and never zero', () => {
    expect(windowFor(1, 1024)).toBe(16);
    expect(windowFor(500, 1024)).toBe(4);
    expect(windowFor(60_000, 1024)).toBe(1);
    expect(windowFor(4, 16 * 1024 * 1024)).toBe(4);
  });
});

describe('wrongEcho', () => {
  const message = (connection: number, number: number): Buffer => {
    const buffer = Buffer.alloc(12);
    buffer.writeUInt32BE(connection, 0);
    buffer.writeUInt32BE(number, 4);
    return buffer;
  };

  it('says what is wrong', () => {
    expect(wrongEcho(message(1, 2), message(1, 2), true)).toBeUndefined();
    expect(wrongEcho(message(1, 2), message(1, 2), false)).toMatch(/text/);
    expect(wrongEcho(message(1, 2), Buffer.alloc(3), true)).toMatch(/3 bytes instead of 12/);
    expect(wrongEcho(message(1, 2), message(9, 2), true)).toMatch(/connection 9/);
    expect(wrongEcho(message(1, 2), message(1, 3), true)).toMatch(/number 3/);
    const changed = message(1, 2);
    changed[11] = 1;
    expect(wrongEcho(message(1, 2), changed, true)).toMatch(/byte 11 of 12/);
  });
});
