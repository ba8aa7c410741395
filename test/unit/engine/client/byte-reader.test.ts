import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  ByteReader,
  READ_AHEAD_BYTES,
  readMessage,
  writeTo,
} from '../../../../src-main/engine/client/byte-reader.ts';

const line = (bytes: Buffer): { kind: 'more' } | { kind: 'line'; text: string; rest: Buffer } => {
  const end = bytes.indexOf(10);
  if (end < 0) return { kind: 'more' };
  return { kind: 'line', text: bytes.toString('utf8', 0, end), rest: bytes.subarray(end + 1) };
};

describe('a byte reader', () => {
  it('gives messages whatever the chunks, and what follows them', async () => {
    const source = new PassThrough();
    const reader = new ByteReader(source);
    for (const chunk of ['on', 'e\ntw', 'o\nrest']) source.write(chunk);
    expect(await readMessage(reader, line)).toMatchObject({ text: 'one' });
    expect(await readMessage(reader, line)).toMatchObject({ text: 'two' });
    source.end();
    expect(await readMessage(reader, line)).toEqual({ kind: 'ended', empty: false });
    expect(await readMessage(reader, line)).toEqual({ kind: 'ended', empty: true });
  });

  it('reads ahead no more than its cap and a chunk', async () => {
    const chunk = Buffer.alloc(16 * 1024);
    const source = new PassThrough({ highWaterMark: 16 * 1024 });
    const reader = new ByteReader(source);
    for (let sent = 0; sent < 64; sent++) source.write(chunk);
    await new Promise(setImmediate);
    expect(source.isPaused()).toBe(true);
    expect(reader.detach().length).toBeLessThanOrEqual(READ_AHEAD_BYTES + chunk.length);
  });

  it('gives what came before a failure, then the failure', async () => {
    const source = new PassThrough();
    const reader = new ByteReader(source);
    source.write('a');
    await new Promise(setImmediate);
    source.destroy(new Error('lost'));
    await new Promise(setImmediate);
    expect(String(await reader.next())).toBe('a');
    await expect(reader.next()).rejects.toThrow('lost');
  });

  it('rejects a waiting read when it closes early or is detached', async () => {
    const closed = new PassThrough();
    const waiting = new ByteReader(closed).next();
    closed.destroy();
    await expect(waiting).rejects.toMatchObject({ code: 'ECONNRESET' });
    const reader = new ByteReader(new PassThrough());
    const pending = reader.next();
    reader.detach();
    await expect(pending).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('writeTo', () => {
  it('waits for room, and says when the destination is gone', async () => {
    const destination = new PassThrough({ highWaterMark: 4 });
    let written = false;
    const first = writeTo(destination, Buffer.alloc(16)).then((ok) => {
      written = true;
      return ok;
    });
    await new Promise(setImmediate);
    expect(written).toBe(false);
    destination.resume();
    expect(await first).toBe(true);
    destination.pause();
    const second = writeTo(destination, Buffer.alloc(16));
    destination.destroy();
    expect(await second).toBe(false);
    expect(await writeTo(destination, Buffer.alloc(1))).toBe(false);
  });
});
