import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { isOpenError, openDuplex, StreamDuplex } from '../../../../src-main/engine/client/stream-duplex.ts';
import type {
  ResetReason,
  StreamEvents,
  StreamOpener,
  Target,
  TunnelStream,
} from '../../../../src-main/engine/mux/types.ts';

/** A stream that only keeps what it was told. */
class ScriptedStream implements TunnelStream {
  readonly id = 1;
  readonly target: Target = { host: 'a', port: 1 };
  readonly counters = { sent: 0, received: 0 };
  readonly calls: string[] = [];
  room = true;
  taken = 0;
  events: StreamEvents = { onData() {}, onEnd() {}, onReset() {} };

  listen(events: StreamEvents): void {
    this.events = events;
  }
  writeBorrowed(chunk: Buffer): boolean {
    return this.write(Buffer.from(chunk));
  }
  write(chunk: Buffer): boolean {
    this.calls.push(`write ${chunk}`);
    return this.room;
  }
  end(): void {
    this.calls.push('end');
  }
  reset(reason: ResetReason): void {
    this.calls.push(`reset ${reason}`);
    this.events.onReset(reason);
  }
  consumed(bytes: number): void {
    this.taken += bytes;
  }
}

function made(): { stream: ScriptedStream; duplex: StreamDuplex } {
  const stream = new ScriptedStream();
  return { stream, duplex: new StreamDuplex(stream) };
}

describe('a stream as a duplex', () => {
  it('keeps a half-close, and ends without a reset', async () => {
    const { stream, duplex } = made();
    duplex.write('a');
    duplex.end('b');
    await once(duplex, 'finish');
    stream.events.onData(Buffer.from('late'));
    stream.events.onEnd();
    const chunks: Buffer[] = [];
    duplex.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(duplex, 'close');
    expect(Buffer.concat(chunks).toString()).toBe('late');
    expect(stream.calls).toEqual(['write a', 'write b', 'end']);
  });

  it('goes on writing after the far end ended', async () => {
    const { stream, duplex } = made();
    stream.events.onEnd();
    duplex.resume();
    await once(duplex, 'end');
    expect(duplex.writable).toBe(true);
    duplex.write('more');
    expect(stream.calls).toEqual(['write more']);
    duplex.destroy();
  });

  it('waits for room before the next write', () => {
    const { stream, duplex } = made();
    stream.room = false;
    duplex.write('a');
    duplex.write('b');
    expect(stream.calls).toEqual(['write a']);
    stream.room = true;
    stream.events.onDrain?.();
    expect(stream.calls).toEqual(['write a', 'write b']);
    duplex.destroy();
  });

  it('grants credit as bytes are read, not as they arrive', async () => {
    const { stream, duplex } = made();
    const piece = Buffer.alloc(16 * 1024);
    for (let sent = 0; sent < 16; sent++) stream.events.onData(piece);
    const early = stream.taken;
    expect(early).toBeLessThan(8 * piece.length);
    let read = 0;
    const all = new Promise<void>((resolve) => {
      duplex.on('data', (chunk: Buffer) => {
        read += chunk.length;
        if (read === 16 * piece.length) resolve();
      });
    });
    await all;
    await new Promise(setImmediate);
    expect(stream.taken).toBe(16 * piece.length);
    duplex.destroy();
  });

  it('is reset by destroy', async () => {
    const { stream, duplex } = made();
    duplex.end();
    duplex.destroy();
    await once(duplex, 'close');
    expect(stream.calls.filter((call) => call.startsWith('reset'))).toEqual(['reset reset']);
  });

  it('fails with ECONNRESET when the far end resets, and a waiting write with it', async () => {
    const { stream, duplex } = made();
    stream.room = false;
    const written = new Promise<Error | null | undefined>((resolve) => duplex.write('a', resolve));
    const failed = once(duplex, 'error');
    stream.events.onReset('sessionLost');
    expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET', reason: 'sessionLost' });
    expect(await written).toMatchObject({ code: 'ECONNRESET' });
    expect(stream.calls).toEqual(['write a']);
  });

  it('tells of its opening, and of its failing to', async () => {
    const streams: ScriptedStream[] = [];
    const opener: StreamOpener = {
      open() {
        const stream = new ScriptedStream();
        streams.push(stream);
        return stream;
      },
    };
    const opened = openDuplex(opener, { host: 'a', port: 1 });
    const connected = once(opened, 'connect');
    streams[0].events.onOpened?.();
    await connected;
    opened.destroy();

    const refused = openDuplex(opener, { host: 'a', port: 1 });
    const failed = once(refused, 'error');
    streams[1].events.onOpenFailed?.('refused', 'no');
    const [error] = await failed;
    expect(isOpenError(error) && error.failure).toBe('refused');
    expect(isOpenError(new Error('no'))).toBe(false);
    expect(streams[1].calls).toEqual([]);
  });
});
