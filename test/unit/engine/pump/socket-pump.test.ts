import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { ResetReason, StreamEvents, TunnelStream } from '../../../../src-main/engine/mux/types.ts';
import { joinSocket, type PumpOptions } from '../../../../src-main/engine/pump/socket-pump.ts';
import { pattern } from '../../../support/seeded.ts';
import { listening } from '../../../support/web-covers.ts';

/** A stream that keeps what it is told. */
class FakeStream implements TunnelStream {
  readonly id = 1;
  readonly target = undefined;
  readonly counters = { sent: 0, received: 0 };
  readonly chunks: Buffer[] = [];
  readonly calls: string[] = [];
  written = 0;
  consumedBytes = 0;
  room = true;
  events: StreamEvents | undefined;

  listen(events: StreamEvents): void {
    this.events = events;
  }
  write(chunk: Buffer): boolean {
    this.chunks.push(chunk);
    this.written += chunk.length;
    return this.room;
  }
  writeBorrowed(chunk: Buffer): boolean {
    return this.write(Buffer.from(chunk));
  }
  end(): void {
    this.calls.push('end');
  }
  reset(reason: ResetReason): void {
    // As a real one: once, and the events hear of it.
    if (this.calls.some((call) => call.startsWith('reset'))) return;
    this.calls.push(`reset ${reason}`);
    this.events?.onReset(reason);
  }
  consumed(bytes: number): void {
    this.consumedBytes += bytes;
  }
  get received(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

const closers: Array<() => void> = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function setUp(options: PumpOptions = {}) {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  const port = await listening(server);
  const user = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [socket] = (await once(server, 'connection')) as [Socket];
  const userErrors: string[] = [];
  user.on('error', (error: NodeJS.ErrnoException) => userErrors.push(error.code ?? ''));
  closers.push(() => {
    user.destroy();
    socket.destroy();
    server.close();
  });
  const stream = new FakeStream();
  const done: Array<Error | undefined> = [];
  joinSocket(socket, stream, { ...options, onDone: (error) => done.push(error) });
  const events = (): StreamEvents => {
    if (stream.events === undefined) throw new Error('nobody listens');
    return stream.events;
  };
  const give = (...chunks: Buffer[]): void => {
    if (events().onChunks !== undefined) events().onChunks?.(chunks);
    else for (const chunk of chunks) events().onData(chunk);
  };
  return { user, userErrors, stream, events, give, done, socket };
}

const eventually = (read: () => unknown) => expect.poll(read, { timeout: 5000 });

describe('a socket joined to a stream', () => {
  it('passes bytes both ways; what the kernel took is consumed', async () => {
    const { user, stream, give } = await setUp();
    const got: Buffer[] = [];
    user.on('data', (chunk) => got.push(chunk));
    user.write('up');
    give(Buffer.from('do'), Buffer.from('wn'));
    await eventually(() => stream.received.toString()).toBe('up');
    await eventually(() => Buffer.concat(got).toString()).toBe('down');
    expect(stream.consumedBytes).toBe(4);
  });

  it('sends first what was read before', async () => {
    const { user, stream } = await setUp({ head: Buffer.from('read before, ') });
    user.write('read after');
    await eventually(() => stream.received.toString()).toBe('read before, read after');
  });

  it('keeps a half-close of the user, then that of the far end, and is done without an error', async () => {
    const { user, stream, give, events, done } = await setUp();
    const got: Buffer[] = [];
    user.on('data', (chunk) => got.push(chunk));
    user.end('question');
    await eventually(() => stream.calls).toEqual(['end']);
    expect(stream.received.toString()).toBe('question');
    give(Buffer.from('a late answer'));
    await eventually(() => Buffer.concat(got).toString()).toBe('a late answer');
    expect(done).toEqual([]);
    const ended = once(user, 'end');
    events().onEnd();
    await ended;
    await eventually(() => done).toEqual([undefined]);
    expect(stream.calls).toEqual(['end']);
  });

  it('keeps a half-close of the far end while the user goes on', async () => {
    const { user, stream, events, done } = await setUp();
    user.resume();
    const ended = once(user, 'end');
    events().onEnd();
    await ended;
    user.write('still ');
    await eventually(() => stream.received.toString()).toBe('still ');
    user.end('writing');
    await eventually(() => stream.calls).toEqual(['end']);
    expect(stream.received.toString()).toBe('still writing');
    await eventually(() => done).toEqual([undefined]);
  });

  it('a reset of the user is a reset of the stream', async () => {
    const { user, stream, done } = await setUp();
    user.write('x');
    await eventually(() => stream.written).toBe(1);
    user.resetAndDestroy();
    await eventually(() => stream.calls).toEqual(['reset reset']);
    await eventually(() => done.length).toBe(1);
    expect(done[0]).toBeInstanceOf(Error);
  });

  it('a reset of the stream is a reset of the user; a timeout is a plain close', async () => {
    for (const [reason, errors] of [
      ['reset', ['ECONNRESET']],
      ['sessionLost', ['ECONNRESET']],
      ['timeout', []],
    ] as const) {
      const { user, userErrors, events, done } = await setUp();
      user.resume();
      user.on('end', () => user.destroy());
      const closed = new Promise((resolve) => user.once('close', resolve));
      events().onReset(reason);
      await closed;
      expect(userErrors).toEqual(errors);
      await eventually(() => done.length).toBe(1);
    }
  });

  it('a stream that did not open cuts the user and says why', async () => {
    const failures: string[] = [];
    const { user, userErrors, events, done } = await setUp({
      onFailed: (failure, message) => failures.push(`${failure}: ${message}`),
    });
    user.resume();
    const closed = new Promise((resolve) => user.once('close', resolve));
    events().onOpenFailed?.('refused', 'no');
    await closed;
    expect(failures).toEqual(['refused: no']);
    expect(userErrors).toEqual(['ECONNRESET']);
    expect(done).toHaveLength(1);
  });

  it('a user who does not read is not consumed for; when he reads, everything comes', async () => {
    const { user, stream, give } = await setUp();
    user.pause();
    const chunk = 64 << 10;
    let given = 0;
    // What the kernel takes it takes; then the socket holds at most 64 KiB more.
    while (given - stream.consumedBytes <= 256 << 10 && given < 64 << 20) {
      give(pattern(3, given, chunk));
      given += chunk;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(given).toBeLessThan(64 << 20);
    const got: Buffer[] = [];
    let bytes = 0;
    user.on('data', (data) => {
      got.push(data);
      bytes += data.length;
    });
    user.resume();
    await eventually(() => bytes).toBe(given);
    expect(Buffer.concat(got).equals(pattern(3, 0, given))).toBe(true);
    await eventually(() => stream.consumedBytes).toBe(given);
  });

  it('a stream without room stops the user; onDrain lets him go on; bulk is exact', async () => {
    const { user, stream, events } = await setUp();
    const total = 24 << 20;
    stream.room = false;
    user.write(pattern(4, 0, total));
    user.end();
    await eventually(() => stream.written).toBeGreaterThan(0);
    const most = stream.written;
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    // One read, or what one turn brings; never the flood.
    expect(stream.written).toBeLessThanOrEqual(most + (1 << 20));
    expect(stream.written).toBeLessThan(2 << 20);
    for (let turn = 0; stream.calls.length === 0 && turn < 5000; turn++) {
      stream.room = turn % 3 === 0;
      events().onDrain?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(stream.calls).toEqual(['end']);
    expect(stream.received.equals(pattern(4, 0, total))).toBe(true);
  });

  it('bulk both ways at once, then both ends: exact, and done once', async () => {
    const { user, stream, give, events, done } = await setUp();
    const total = 8 << 20;
    const got: Buffer[] = [];
    user.on('data', (data) => got.push(data));
    user.end(pattern(5, 0, total));
    for (let at = 0; at < total; at += 100_000) {
      give(pattern(6, at, Math.min(100_000, total - at)));
      if (at % 1_000_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually(() => stream.calls).toEqual(['end']);
    await eventually(() => stream.consumedBytes).toBe(total);
    events().onEnd();
    await eventually(() => done).toEqual([undefined]);
    expect(stream.received.equals(pattern(5, 0, total))).toBe(true);
    await eventually(() => Buffer.concat(got).equals(pattern(6, 0, total))).toBe(true);
    expect(stream.calls).toEqual(['end']);
  });

  it('cuts what is idle for too long, and not what moves', async () => {
    const { user, stream } = await setUp({ idleTimeoutMs: 150 });
    user.resume();
    const started = performance.now();
    for (let i = 0; i < 6; i++) {
      user.write('tick');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(stream.calls).toEqual([]);
    await eventually(() => stream.calls).toEqual(['reset timeout']);
    expect(performance.now() - started).toBeGreaterThan(300);
  });
});
