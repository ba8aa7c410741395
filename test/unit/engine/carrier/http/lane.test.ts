import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Lane, type LaneSink } from '../../../../../src-main/engine/carrier/http/lane.ts';
import { listenOn } from '../../../../support/tunnel-rig.ts';

const closers: Array<() => void> = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A lane to a gateway that does with each connection as it is told. */
async function laneTo(serve: (socket: Socket) => void): Promise<Lane> {
  const gateway = createServer((socket) => {
    closers.push(() => socket.destroy());
    socket.on('error', () => {});
    serve(socket);
  });
  const port = await listenOn(gateway);
  const lane = new Lane({
    open: async () => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    },
    name: 'gateway',
    onTraffic: () => {},
  });
  closers.push(() => {
    lane.destroy();
    gateway.close();
  });
  return lane;
}

/** Sends a request; resolves with the status of the answer to it. */
function ask(lane: Lane, body: readonly Buffer[]): Promise<number> {
  return new Promise((resolve, reject) => {
    let status = 0;
    const sink: LaneSink = {
      onHead: (head) => {
        status = head.status;
      },
      onBody: () => {},
      onEnd: () => resolve(status),
      onFail: reject,
    };
    const bytes = body.reduce((sum, part) => sum + part.length, 0);
    lane.request(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n`, body, sink);
  });
}

describe('Lane', () => {
  it('keeps its connection from one request to the next', async () => {
    const lane = await laneTo((socket) =>
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')),
    );
    expect(await ask(lane, [Buffer.from('x')])).toBe(200);
    expect(await ask(lane, [Buffer.from('y')])).toBe(200);
    expect([lane.connects, lane.isOpen, lane.busy]).toEqual([1, true, false]);
  });

  it('sends nothing behind a body that was answered before the gateway took all of it', async () => {
    let connections = 0;
    const lane = await laneTo((socket) => {
      connections++;
      socket.once('data', () => {
        // It says no, and the rest of the body may wait.
        if (connections === 1) socket.pause();
        socket.write(`HTTP/1.1 ${connections === 1 ? 503 : 200} \r\nContent-Length: 0\r\n\r\n`);
      });
    });
    expect(await ask(lane, [Buffer.alloc(32 << 20)])).toBe(503);
    expect(lane.isOpen).toBe(false);
    expect(await ask(lane, [Buffer.from('x')])).toBe(200);
    expect(connections).toBe(2);
  });
});
