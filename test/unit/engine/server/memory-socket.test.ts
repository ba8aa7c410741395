import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { MemorySocket } from '../../../../src-main/engine/server/memory-socket.ts';

const closed = (socket: MemorySocket): Promise<void> =>
  new Promise((resolve) => socket.once('close', () => resolve()));

async function readAll(socket: MemorySocket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  await once(socket, 'end');
  return text;
}

describe('a connection inside the process', () => {
  it('passes bytes, and each end on its own', async () => {
    const [near, far] = MemorySocket.pair({ remoteAddress: '192.0.2.1', remotePort: 7 });
    expect([far.remoteAddress, far.remotePort]).toEqual(['192.0.2.1', 7]);
    near.end('question');
    expect(await readAll(far)).toBe('question');
    far.write('ans');
    far.end('wer');
    expect(await readAll(near)).toBe('answer');
    await Promise.all([near, far].map((socket) => (socket.closed ? undefined : closed(socket))));
  });

  it('makes one chunk of what was written together, when it is small', async () => {
    const [near, far] = MemorySocket.pair({});
    near.cork();
    for (const text of ['head ', 'and ', 'body']) near.write(text);
    near.uncork();
    const [first] = await once(far, 'data');
    expect(String(first)).toBe('head and body');
    near.cork();
    near.write(Buffer.alloc(60_000, 1));
    near.write(Buffer.alloc(60_000, 2));
    near.uncork();
    const sizes: number[] = [];
    far.on('data', (chunk: Buffer) => sizes.push(chunk.length));
    await expect.poll(() => sizes).toEqual([60_000, 60_000]);
    near.destroy();
  });

  it('holds a writer whose reader does not read', async () => {
    const [near, far] = MemorySocket.pair({});
    const total = 4_000_000;
    let written = 0;
    const pour = (): void => {
      while (written < total) {
        written += 10_000;
        if (!near.write(Buffer.alloc(10_000))) return;
      }
      near.end();
    };
    near.on('drain', pour);
    pour();
    await new Promise(setImmediate);
    expect(written).toBeLessThan(200_000);
    expect((await readAll(far)).length).toBe(total);
  });

  it('reads as ended after the other end was destroyed, with all that it wrote; writes then fail', async () => {
    const [near, far] = MemorySocket.pair({});
    far.write('last words');
    far.destroy();
    expect(await readAll(near)).toBe('last words');
    const failed = once(near, 'error');
    near.write('x');
    const [error] = await failed;
    expect(error).toMatchObject({ code: 'ECONNRESET' });
  });

  it('frees a writer that waits when the other end is destroyed', async () => {
    const [near, far] = MemorySocket.pair({});
    while (near.write(Buffer.alloc(100_000))) {}
    const failed = once(near, 'error');
    far.destroy();
    const [error] = await failed;
    expect(error).toMatchObject({ code: 'ECONNRESET' });
  });

  it('times out by silence only, and not once it is told not to', async () => {
    const [near, far] = MemorySocket.pair({});
    far.resume();
    let fired = 0;
    const started = performance.now();
    far.setTimeout(80, () => fired++);
    for (let i = 0; i < 4; i++) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      near.write('alive');
    }
    expect(fired).toBe(0);
    await once(far, 'timeout');
    expect(performance.now() - started).toBeGreaterThan(180);
    far.setTimeout(20);
    far.setTimeout(0);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(fired).toBe(1);
    near.destroy();
  });
});
