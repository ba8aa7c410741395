import { once } from 'node:events';
import { connect, createServer, type Server, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  readShared,
  readSharedWhenBulk,
  SHORT_READ_BYTES,
  sharedRead,
} from '../../../../src-main/engine/base/socket-reader.ts';
import { turns } from '../../../../src-main/engine/base/turns.ts';
import { pattern } from '../../../support/seeded.ts';
import { listening } from '../../../support/web-covers.ts';

const closers: Array<() => void> = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function sockets(pauseOnConnect = false): Promise<{ near: Socket; accepted: Socket; server: Server }> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect });
  const port = await listening(server);
  const near = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [accepted] = (await once(server, 'connection')) as [Socket];
  near.on('error', () => {});
  accepted.on('error', () => {});
  closers.push(() => {
    near.destroy();
    accepted.destroy();
    server.close();
  });
  return { near, accepted, server };
}

class Taker {
  readonly copies: Buffer[] = [];
  bytes = 0;
  stopAt = Number.POSITIVE_INFINITY;
  readonly take = (chunk: Buffer): boolean => {
    this.copies.push(Buffer.from(chunk));
    this.bytes += chunk.length;
    return this.bytes < this.stopAt;
  };
}

const SIZE = 3_000_000;
const BYTES = pattern(1, 0, SIZE);

/** Writes them all, and waits until the kernel takes no more: much more than one short read waits to be read. */
async function fill(near: Socket): Promise<void> {
  near.write(BYTES);
  let before = SIZE;
  const isFull = (): boolean => {
    const left = near.writableLength;
    const same = left === before;
    before = left;
    return same && left < SIZE - 4 * SHORT_READ_BYTES;
  };
  await expect.poll(isFull, { timeout: 5000 }).toBe(true);
}

/** Each way of reading, on an accepted connection; `current` is the socket in use. */
const ways: Array<[string, (socket: Socket, taker: Taker, onSocket: (socket: Socket) => void) => void]> = [
  ['readShared', (socket, taker, onSocket) => onSocket(readShared(socket, taker.take))],
  [
    'readSharedWhenBulk',
    (socket, taker, onSocket) => {
      onSocket(socket);
      readSharedWhenBulk(socket, taker.take, onSocket);
    },
  ],
];

describe.each(ways)('%s', (name, read) => {
  it('gives every byte, then the end, and the connection writes on', async () => {
    const { near, accepted } = await sockets();
    const taker = new Taker();
    let current = accepted;
    let ended = false;
    const used = new Set<Socket>();
    read(accepted, taker, (socket) => {
      current = socket;
      if (!used.has(socket)) socket.on('end', () => (ended = true));
      used.add(socket);
    });
    near.end(BYTES);
    await expect.poll(() => ended, { timeout: 5000 }).toBe(true);
    expect(Buffer.concat(taker.copies).equals(BYTES)).toBe(true);
    const answer: Buffer[] = [];
    near.on('data', (chunk) => answer.push(chunk));
    current.end('after your end');
    await once(near, 'end');
    expect(Buffer.concat(answer).toString()).toBe('after your end');
    // It did move, or this shows nothing of it.
    expect(current).not.toBe(accepted);
    expect(used.size).toBe(name === 'readShared' ? 1 : 2);
  });

  it('stops when told, until it is resumed; nothing is lost meanwhile', async () => {
    const { near, accepted } = await sockets();
    const taker = new Taker();
    let current = accepted;
    read(accepted, taker, (socket) => {
      current = socket;
    });
    taker.stopAt = 1_500_000;
    near.write(BYTES);
    await expect.poll(() => taker.bytes, { timeout: 5000 }).toBeGreaterThanOrEqual(1_500_000);
    const stopped = taker.bytes;
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(taker.bytes).toBe(stopped);
    taker.stopAt = Number.POSITIVE_INFINITY;
    current.resume();
    await expect.poll(() => taker.bytes, { timeout: 5000 }).toBe(SIZE);
    expect(Buffer.concat(taker.copies).equals(BYTES)).toBe(true);
  });

  it('a reset is the error of the socket in use, and the server forgets the connection', async () => {
    const { near, accepted, server } = await sockets();
    const taker = new Taker();
    const errors: string[] = [];
    let closes = 0;
    const seen = new Set<Socket>();
    let current = accepted;
    read(accepted, taker, (socket) => {
      current = socket;
      if (seen.has(socket)) return;
      seen.add(socket);
      socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? ''));
      socket.on('close', () => {
        if (socket === current) closes++;
      });
    });
    near.write(BYTES);
    await expect.poll(() => taker.bytes, { timeout: 5000 }).toBe(SIZE);
    near.resetAndDestroy();
    await expect.poll(() => closes, { timeout: 5000 }).toBe(1);
    expect(errors).toEqual(['ECONNRESET']);
    await expect
      .poll(() => new Promise((resolve) => server.getConnections((_error, count) => resolve(count))), {
        timeout: 5000,
      })
      .toBe(0);
  });
});

describe('readSharedWhenBulk', () => {
  it('moves a connection of many small messages, and no message is lost on the way', async () => {
    const { near, accepted } = await sockets();
    const taker = new Taker();
    let moves = 0;
    readSharedWhenBulk(accepted, taker.take, () => moves++);
    for (let i = 0; i < 200; i++) {
      near.write(Buffer.of(i));
      await expect.poll(() => taker.bytes, { timeout: 5000, interval: 1 }).toBe(i + 1);
      if (i === 8) expect(moves).toBe(0);
    }
    expect(moves).toBe(1);
    expect(Buffer.concat(taker.copies)).toEqual(Buffer.from(Array.from({ length: 200 }, (_, i) => i)));
  });
});

describe('the shared buffer', () => {
  it('is one for all sockets', () => {
    expect(sharedRead(() => true).buffer()).toBe(sharedRead(() => true).buffer());
  });

  it('is read in short turns while somebody exchanges messages: one read, then others have theirs', async () => {
    const { near, accepted } = await sockets(true);
    await fill(near);
    let turn = 0;
    const count = (): void => {
      turn++;
      if (taker.bytes < SIZE) setImmediate(count);
    };
    const turnOf: number[] = [];
    const taker = new Taker();
    turns.shorten();
    const current = readShared(accepted, (chunk) => {
      turns.shorten();
      expect(chunk.length).toBeLessThanOrEqual(SHORT_READ_BYTES);
      if (chunk.length === SHORT_READ_BYTES) turnOf.push(turn);
      return taker.take(chunk);
    });
    count();
    await expect.poll(() => taker.bytes, { timeout: 5000 }).toBe(SIZE);
    expect(Buffer.concat(taker.copies).equals(BYTES)).toBe(true);
    expect(turnOf.length).toBeGreaterThan(4);
    expect(new Set(turnOf).size).toBe(turnOf.length);
    expect(current).not.toBe(accepted);
  });

  it('a pause in a short turn holds', async () => {
    const { near, accepted } = await sockets(true);
    await fill(near);
    turns.shorten();
    const taker = new Taker();
    const current = readShared(accepted, (chunk) => {
      turns.shorten();
      taker.take(chunk);
      if (chunk.length === SHORT_READ_BYTES) current.pause();
      return true;
    });
    await expect.poll(() => taker.bytes, { timeout: 5000 }).toBeGreaterThanOrEqual(SHORT_READ_BYTES);
    const stopped = taker.bytes;
    expect(stopped).toBeLessThan(SIZE / 2);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(taker.bytes).toBe(stopped);
  });

  it('serves many connections at once without mixing them', async () => {
    const flows = await Promise.all(
      Array.from({ length: 8 }, async (_, flow) => {
        const { near, accepted } = await sockets();
        const taker = new Taker();
        readShared(accepted, taker.take);
        const bytes = pattern(flow + 10, 0, 700_000);
        for (let at = 0; at < bytes.length; at += 50_000) near.write(bytes.subarray(at, at + 50_000));
        return { taker, bytes };
      }),
    );
    for (const { taker, bytes } of flows) {
      await expect.poll(() => taker.bytes, { timeout: 5000 }).toBe(bytes.length);
      expect(Buffer.concat(taker.copies).equals(bytes)).toBe(true);
    }
  });

  it('is not used where the socket is of another kind: it is read the usual way', async () => {
    class Special extends Socket {}
    const server = createServer();
    const port = await listening(server);
    const special = new Special();
    special.connect(port, '127.0.0.1');
    const [accepted] = (await once(server, 'connection')) as [Socket];
    closers.push(() => {
      special.destroy();
      accepted.destroy();
      server.close();
    });
    const taker = new Taker();
    expect(readShared(special, taker.take)).toBe(special);
    accepted.write('usual');
    await expect.poll(() => Buffer.concat(taker.copies).toString(), { timeout: 5000 }).toBe('usual');
  });
});
