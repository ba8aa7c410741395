import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src-main/engine/base/clock.ts';
import type { ResetReason, StreamEvents, TunnelStream } from '../../../../src-main/engine/mux/types.ts';
import { enableNative } from '../../../../src-main/engine/native/enable.ts';
import { dialTarget } from '../../../../src-main/engine/server/outbound.ts';

const closers: Array<() => void> = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});
beforeAll(() => enableNative());

/** A stream that somebody opened, and what became of it. */
class Opened implements TunnelStream {
  readonly id = 1;
  readonly target = undefined;
  readonly counters = { sent: 0, received: 0 };
  readonly calls: string[] = [];
  text = '';
  events: StreamEvents | undefined;
  listen(events: StreamEvents): void {
    this.events = events;
  }
  write(chunk: Buffer): boolean {
    this.text += chunk.toString();
    return true;
  }
  writeBorrowed(chunk: Buffer): boolean {
    return this.write(chunk);
  }
  end(): void {
    this.calls.push('end');
  }
  reset(reason: ResetReason): void {
    this.calls.push(`reset ${reason}`);
  }
  consumed(): void {}
}

function dialling(host: string, port: number) {
  const stream = new Opened();
  const limits = { dialTimeoutMs: 20_000, idleTimeoutMs: 0, clock: systemClock };
  const incoming = {
    stream,
    accept: () => stream.calls.push('accepted'),
    fail: (failure: string, message: string) => stream.calls.push(`${failure}: ${message}`),
  };
  dialTarget(incoming, { host, port }, limits);
  closers.push(() => stream.events?.onReset('reset'));
  return stream;
}

async function listening(host: string): Promise<{ port: number; accepted: Socket[]; server: Server }> {
  const accepted: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(socket);
    socket.on('error', () => {});
    closers.push(() => socket.destroy());
  });
  server.listen(0, host);
  closers.push(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return { port: address.port, accepted, server };
}

const eventually = (what: () => unknown) => expect.poll(what, { timeout: 5000 });

describe('dialling a target', () => {
  it.each([
    ['an address', '127.0.0.1', '127.0.0.1'],
    ['a name', 'localhost', '127.0.0.1'],
    ['the server itself', '', '127.0.0.1'],
    ['the server itself, by IPv6 alone', '', '::1'],
    ['an IPv6 address', '::1', '::1'],
  ])('carries bytes both ways: %s', async (_what, host, bound) => {
    const { port, accepted } = await listening(bound);
    const stream = dialling(host, port);
    stream.events?.onData(Buffer.from('question'));
    await eventually(() => stream.calls).toEqual(['accepted']);
    await eventually(() => accepted.length).toBe(1);
    const [chunk] = await once(accepted[0], 'data');
    expect(chunk.toString()).toBe('question');
    accepted[0].end('answer');
    await eventually(() => stream.calls).toEqual(['accepted', 'end']);
    expect(stream.text).toBe('answer');
  });

  it('says what refused', async () => {
    const { port, server } = await listening('127.0.0.1');
    server.close();
    await once(server, 'close');
    for (const [host, where] of [
      ['127.0.0.1', '127.0.0.1'],
      ['', 'the server itself'],
    ]) {
      const stream = dialling(host, port);
      await eventually(() => stream.calls).toEqual([`refused: ${where}:${port}: ECONNREFUSED`]);
    }
  });

  it('gives up when the stream is reset, whichever address is being tried', async () => {
    const { port, accepted } = await listening('::1');
    const stream = dialling('', port);
    // The first was refused within the call; this is the second.
    stream.events?.onReset('reset');
    await eventually(() => accepted.length).toBe(1);
    accepted[0].resume();
    await eventually(() => accepted[0].destroyed).toBe(true);
    expect(stream.calls).toEqual([]);
  });
});
