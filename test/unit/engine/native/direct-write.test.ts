import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { descriptorOf } from '../../../../src-main/engine/native/descriptor.ts';
import {
  enableDirectWrites,
  endNow,
  writeAll,
  writeNow,
} from '../../../../src-main/engine/native/direct-write.ts';
import { pattern, Seeded } from '../../../support/seeded.ts';
import { listenOn } from '../../../support/tunnel-rig.ts';

const closers: Array<() => void> = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function pair(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer({ allowHalfOpen: true });
  const port = await listenOn(server);
  const accepted = once(server, 'connection');
  const near = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  const [far] = (await accepted) as [Socket];
  await once(near, 'connect');
  near.on('error', () => {});
  far.on('error', () => {});
  closers.push(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return { near, far };
}

async function read(far: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of far) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe('writing directly', () => {
  it('is what Linux can do', async () => {
    expect(await enableDirectWrites()).toBe(process.platform === 'linux');
  });

  it('gives the kernel all of it at once, past the stream', async () => {
    await enableDirectWrites();
    const { near, far } = await pair();
    const write = vi.spyOn(near, 'write');
    const parts = [Buffer.from('one '), Buffer.alloc(0), Buffer.from('two '), Buffer.from('three')];
    expect(writeNow(near, parts)).toBe(13);
    writeAll(near, parts);
    expect(write).not.toHaveBeenCalled();
    near.end();
    expect((await read(far)).toString()).toBe('one two threeone two three');
  });

  it('keeps order and content, however large and small parts follow each other', async () => {
    await enableDirectWrites();
    const random = new Seeded(5);
    const { near, far } = await pair();
    const got = read(far);
    const all: Buffer[] = [];
    for (let run = 0; run < 300; run++) {
      const parts = Array.from({ length: random.int(1, 6) }, () =>
        random.bytes(random.pick([0, 1, 7, 500, 1000, 2047, 2048, 2049, 5000])),
      );
      all.push(...parts);
      writeAll(near, parts);
    }
    near.end();
    expect((await got).equals(Buffer.concat(all))).toBe(true);
  });

  it('holds nothing back for what is empty', async () => {
    await enableDirectWrites();
    const { near, far } = await pair();
    let bytes = 0;
    far.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    const started = performance.now();
    for (let run = 1; run <= 20; run++) {
      writeAll(near, [Buffer.alloc(3000), Buffer.alloc(0), Buffer.alloc(0)]);
      while (bytes < run * 3000) await new Promise((resolve) => setImmediate(resolve));
    }
    // The kernel would hold each for 200 ms.
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('leaves to the stream what the kernel does not take, in order', async () => {
    await enableDirectWrites();
    const { near, far } = await pair();
    const all = pattern(3, 0, 30_000_000);
    const parts: Buffer[] = [];
    for (let at = 0; at < all.length; at += 700_001) parts.push(all.subarray(at, at + 700_001));
    // Nobody reads yet: the kernel takes some of it only.
    writeAll(near, parts);
    expect(near.writableLength).toBeGreaterThan(0);
    expect(near.writableLength).toBeLessThan(all.length);
    expect(writeNow(near, [Buffer.from('not before the rest')])).toBe(0);
    writeAll(near, [Buffer.from('the '), Buffer.from('end')]);
    near.end();
    const got = await read(far);
    expect(got.subarray(all.length).toString()).toBe('the end');
    expect(got.subarray(0, all.length).equals(all)).toBe(true);
  });

  it('leaves alone a socket with a timeout, which counts what its stream writes', async () => {
    await enableDirectWrites();
    const { near } = await pair();
    near.setTimeout(60_000);
    expect(writeNow(near, [Buffer.from('x')])).toBe(0);
    near.setTimeout(0);
    expect(writeNow(near, [Buffer.from('x')])).toBe(1);
  });

  it('writes nothing to a socket that is ended or gone, whose number may be another one’s', async () => {
    await enableDirectWrites();
    const { near } = await pair();
    expect(descriptorOf(near)).toBeGreaterThan(2);
    near.end();
    expect(writeNow(near, [Buffer.from('x')])).toBe(0);
    near.destroy();
    expect(descriptorOf(near)).toBe(-1);
    expect(writeNow(near, [Buffer.from('x')])).toBe(0);
  });

  it('ends a socket behind what was written, and only what has nothing waiting', async () => {
    await enableDirectWrites();
    const { near, far } = await pair();
    const chunks: Buffer[] = [];
    far.on('data', (chunk: Buffer) => chunks.push(chunk));
    writeAll(near, [Buffer.from('the end')]);
    expect(endNow(near)).toBe(true);
    await once(far, 'end');
    expect(String(chunks)).toBe('the end');
    // Half-closed: the other direction goes on.
    far.write('answer');
    expect(String((await once(near, 'data'))[0])).toBe('answer');
    const other = await pair();
    writeAll(other.near, [Buffer.alloc(30_000_000)]);
    expect(endNow(other.near)).toBe(false);
    other.near.destroy();
    expect(endNow(other.near)).toBe(false);
  });

  it('leaves the error of a connection that was reset to the stream', async () => {
    await enableDirectWrites();
    const { near, far } = await pair();
    const errors: Error[] = [];
    near.on('error', (error) => errors.push(error));
    // Not `once`, which the error would reject.
    const closed = new Promise((resolve) => near.on('close', resolve));
    far.resetAndDestroy();
    while (!near.destroyed) {
      writeAll(near, [Buffer.alloc(1000)]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await closed;
    expect(errors).toHaveLength(1);
  });
});
