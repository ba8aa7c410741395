import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, createServer, Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type DirectRuntime,
  DirectSocket,
  MOST_READ_BYTES,
} from '../../../../src-main/engine/native/direct-socket.ts';
import { EPOLLIN } from '../../../../src-main/engine/native/system-calls.ts';
import { directSockets } from '../../../support/direct-sockets.ts';
import { pattern } from '../../../support/seeded.ts';
import { listenOn } from '../../../support/tunnel-rig.ts';

const closers: Array<() => void> = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

let runtime: DirectRuntime;
beforeAll(async () => {
  runtime = await directSockets();
});

/** What a socket did, in words, and what it read. */
class Log {
  readonly lines: string[] = [];
  readonly chunks: Buffer[] = [];
  bytes = 0;
  takes = true;
  readonly take = (chunk: Buffer): boolean => {
    this.chunks.push(Buffer.from(chunk));
    this.bytes += chunk.length;
    return this.takes;
  };
  follow(socket: DirectSocket): void {
    socket.events = {
      end: () => this.lines.push('end'),
      drain: () => this.lines.push('drain'),
      error: (error) => this.lines.push(`error ${(error as NodeJS.ErrnoException).code}`),
      close: (hadError) => this.lines.push(`close ${hadError}`),
    };
  }
  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

async function sockets(): Promise<{ near: Socket; accepted: Socket }> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  const port = await listenOn(server);
  const near = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [accepted] = (await once(server, 'connection')) as [Socket];
  if (near.connecting) await once(near, 'connect');
  for (const socket of [near, accepted]) socket.on('error', () => {});
  closers.push(() => {
    near.destroy();
    accepted.destroy();
    server.close();
  });
  return { near, accepted };
}

async function pair() {
  const { near, accepted } = await sockets();
  const log = new Log();
  const direct = DirectSocket.adopt(runtime, accepted, log.take);
  if (direct === undefined) throw new Error('not taken over');
  closers.push(() => direct.destroy());
  log.follow(direct);
  return { near, direct, log, accepted };
}

/** Until its end; the other half stays as it is. */
async function read(far: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  far.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(far, 'end');
  return Buffer.concat(chunks);
}

const eventually = (what: () => unknown) => expect.poll(what, { timeout: 5000 });
const BYTES = pattern(5, 0, 9_000_000);

describe('a socket by system calls', () => {
  it('reads and writes, each byte once and in order', async () => {
    const { near, direct, log } = await pair();
    near.write(BYTES);
    const back = read(near);
    for (let at = 0; at < BYTES.length; at += 300_000) {
      direct.writeParts([BYTES.subarray(at, at + 7), BYTES.subarray(at + 7, at + 300_000)]);
    }
    expect(direct.writableLength).toBeGreaterThan(0);
    direct.end(Buffer.from('!'));
    expect((await back).equals(Buffer.concat([BYTES, Buffer.from('!')]))).toBe(true);
    expect(direct.writableLength).toBe(0);
    await eventually(() => log.bytes).toBe(BYTES.length);
    expect(Buffer.concat(log.chunks).equals(BYTES)).toBe(true);
    near.end();
    await eventually(() => log.lines).toEqual(['end', 'close false']);
  });

  it('reads as much at a time as it is told to, and never more than there is room for', async () => {
    const { near, direct, log } = await pair();
    direct.readBytes = 1000;
    near.write(BYTES.subarray(0, 10_500));
    await eventually(() => log.bytes).toBe(10_500);
    expect(Math.max(...log.chunks.map(({ length }) => length))).toBe(1000);
    expect(Buffer.concat(log.chunks).equals(BYTES.subarray(0, 10_500))).toBe(true);
    direct.readBytes = MOST_READ_BYTES + 1;
    expect(() => direct.onEvents(EPOLLIN)).toThrow(RangeError);
  });

  it('tells when what waited is written', async () => {
    const { near, direct, log } = await pair();
    expect(direct.write(Buffer.from('small'))).toBe(true);
    expect(direct.write(BYTES)).toBe(false);
    near.resume();
    await eventually(() => log.lines).toEqual(['drain']);
    expect(direct.writableLength).toBe(0);
  });

  it('stops reading where it is told to, in `take` or by `pause`, and goes on', async () => {
    const { near, direct, log } = await pair();
    log.takes = false;
    near.write(BYTES);
    near.end();
    await eventually(() => log.bytes).toBeGreaterThan(0);
    const { bytes } = log;
    expect(direct.isPaused()).toBe(true);
    // Several turns of the loop, in which it must not read.
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(log.bytes).toBe(bytes);
    log.takes = true;
    direct.resume();
    await eventually(() => log.lines).toEqual(['end']);
    expect(Buffer.concat(log.chunks).equals(BYTES)).toBe(true);
  });

  it('keeps half a connection open, whichever half', async () => {
    const first = await pair();
    first.near.end('question');
    await eventually(() => first.log.lines).toEqual(['end']);
    expect(first.log.text).toBe('question');
    expect(first.direct.readableEnded).toBe(true);
    const answer = read(first.near);
    first.direct.write(Buffer.from('answer'));
    first.direct.end();
    expect((await answer).toString()).toBe('answer');
    await eventually(() => first.log.lines).toEqual(['end', 'close false']);

    const second = await pair();
    second.direct.end();
    expect(second.direct.writableFinished).toBe(true);
    expect((await read(second.near)).length).toBe(0);
    second.near.end('late');
    await eventually(() => second.log.lines).toEqual(['end', 'close false']);
    expect(second.log.text).toBe('late');
  });

  it('finds the end that came with the last bytes', async () => {
    const { near, direct, log } = await pair();
    direct.pause();
    near.end('all at once');
    await once(near, 'finish');
    direct.resume();
    await eventually(() => log.lines).toEqual(['end']);
    expect(log.text).toBe('all at once');
  });

  it('tells of a reset, also where it has nothing to read or write', async () => {
    const reading = await pair();
    reading.near.resetAndDestroy();
    await eventually(() => reading.log.lines).toEqual(['error ECONNRESET', 'close true']);

    const ended = await pair();
    ended.near.end();
    await eventually(() => ended.log.lines).toEqual(['end']);
    ended.direct.write(BYTES);
    ended.near.destroy();
    await eventually(() => ended.log.lines.at(-1)).toBe('close true');
    expect(ended.log.lines.at(-2)).toMatch(/^error (?:ECONNRESET|EPIPE)$/);
  });

  it('cuts with a reset, after its own end, too', async () => {
    const open = await pair();
    const failed = once(open.near, 'error');
    open.near.resume();
    open.direct.resetAndDestroy();
    open.direct.resetAndDestroy();
    const [error] = await failed;
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    expect(open.direct.write(Buffer.from('x'))).toBe(false);

    const ended = await pair();
    ended.direct.end();
    await read(ended.near);
    ended.direct.resetAndDestroy();
    const late = once(ended.near, 'error');
    ended.near.write('x');
    // Linux's word for a reset behind FIN.
    expect((await late)[0]).toMatchObject({ code: 'EPIPE' });
  });

  it('gives its descriptor back, once', async () => {
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    const { near, direct, log, accepted } = await pair();
    direct.destroy();
    direct.destroy();
    near.destroy();
    expect(direct.descriptor).toBe(-1);
    await eventually(() => log.lines).toEqual(['close false']);
    expect(accepted.destroyed).toBe(true);
    // The listening socket is closed by afterEach.
    await eventually(open).toBeLessThanOrEqual(before + 1);
  });

  it('goes with the object it took over', async () => {
    const { direct, accepted, log } = await pair();
    accepted.destroy();
    await eventually(() => log.lines).toEqual(['close false']);
    expect(direct.destroyed).toBe(true);
  });

  it('is told when nothing moves, and not before', async () => {
    const { near, direct } = await pair();
    const begun = performance.now();
    let idleAt = 0;
    direct.setTimeout(60, () => {
      idleAt = performance.now();
    });
    const feeding = setInterval(() => near.write('x'), 10);
    closers.push(() => clearInterval(feeding));
    await eventually(() => performance.now() - begun).toBeGreaterThan(200);
    expect(idleAt).toBe(0);
    clearInterval(feeding);
    await eventually(() => idleAt).toBeGreaterThan(0);
    direct.setTimeout(0);
  });

  it('leaves a socket alone that has something unread or unsent, or is more than a connection', async () => {
    const take = (): boolean => true;
    const unread = await sockets();
    unread.near.write('early');
    unread.accepted.resume();
    await once(unread.accepted, 'readable');
    expect(DirectSocket.adopt(runtime, unread.accepted, take)).toBeUndefined();
    expect(unread.accepted.read()?.toString()).toBe('early');

    const unsent = await sockets();
    unsent.accepted.write(BYTES);
    expect(DirectSocket.adopt(runtime, unsent.accepted, take)).toBeUndefined();
    unsent.accepted.end();
    expect(DirectSocket.adopt(runtime, unsent.accepted, take)).toBeUndefined();

    class Other extends Socket {}
    expect(DirectSocket.adopt(runtime, new Other(), take)).toBeUndefined();
    expect(DirectSocket.adopt(runtime, new Socket(), take)).toBeUndefined();
  });
});
