import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpClientCarrier } from '../../../../../src-main/engine/carrier/http/http-client.ts';
import { Lane } from '../../../../../src-main/engine/carrier/http/lane.ts';
import { RequestForm } from '../../../../../src-main/engine/carrier/http/request-form.ts';
import { SocketsAhead } from '../../../../../src-main/engine/carrier/http/sockets-ahead.ts';
import type { Answer } from '../../../../../src-main/engine/wire/poll.ts';
import { until } from '../../../../support/culvert-process.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';
import { Seeded } from '../../../../support/seeded.ts';
import { listenOn } from '../../../../support/tunnel-rig.ts';

const closers: Array<() => void> = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

describe('HttpClientCarrier', () => {
  it('hears an answer while it arrives, not only when it is there', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      closers.push(() => socket.destroy());
      socket.once('data', () => sockets.push(socket));
    });
    const port = await listenOn(server);
    closers.push(() => server.close());
    const open = async (): Promise<Socket> => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    };
    const clock = new FakeClock();
    const { source: random } = new Seeded(1);
    const newLane = (): Lane => new Lane({ open, name: 'server', onTraffic: () => {} });
    const carrier = new HttpClientCarrier({
      id: 1,
      label: 'test',
      form: new RequestForm({
        url: new URL('http://a/'),
        headers: [],
        userAgent: 'test',
        absolute: false,
        proxyAuthorization: undefined,
        random,
      }),
      lane: newLane(),
      newLane,
      ahead: new SocketsAhead(open, clock),
      first: Buffer.alloc(5),
      clock,
    });
    closers.push(() => carrier.close());
    // The first chunk of each body is its ANSWER: of 5 bytes, and of 10 before 90 more.
    const begin = (request: number, own: number, bytes: number): void => {
      const answer: Answer = { request, bytes, heldMs: 0, more: false, gone: false, apart: false, seen: [] };
      carrier.onControl({ type: 'answer', ...answer }, own);
    };
    let [flows, heard] = [0, 0];
    carrier.start({
      openFlow: () => {
        const number = flows++;
        let bytes = 0;
        return {
          push: (chunk) => {
            if (bytes === 0) begin(number, number === 0 ? 5 : 10, number === 0 ? 0 : 90);
            bytes += chunk.length;
            heard += chunk.length;
          },
        };
      },
      onWritable: () => {},
      onClose: () => {},
      seal: () => random(100),
    });
    await until('a request waits at the server', () => sockets.length === 1);
    sockets[0].write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n');
    sockets[0].write(Buffer.alloc(10));
    await until('its answer begins', () => heard === 15);
    for (let i = 1; i <= 3; i++) {
      clock.advance(1000);
      sockets[0].write(Buffer.alloc(10));
      await until('a part of it', () => heard === 15 + i * 10);
      expect(clock.now() - carrier.heardAt).toBe(0);
    }
  });
});
