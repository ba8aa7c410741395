import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { MAX_MESSAGE, socketOfPort } from '../../../src-shared/pipe.ts';

/** Electron's kind of port, without the other end. */
class MainPort extends EventEmitter {
  readonly sent: unknown[] = [];
  started = false;
  start(): void {
    this.started = true;
  }
  postMessage(data: unknown): void {
    this.sent.push(data);
  }
  close(): void {}
}

describe('a port as a socket', () => {
  it('hands on text alone, until it is closed', () => {
    const port = new MainPort();
    const socket = socketOfPort(port);
    const got: unknown[] = [];
    const listener = (event: { data: unknown }) => got.push(event.data);
    socket.addEventListener('message', listener);
    port.emit('message', { data: 'a' });
    port.emit('message', { data: { b: 1 } });
    port.emit('message', { data: 'x'.repeat(MAX_MESSAGE + 1) });
    port.emit('message', undefined);
    socket.removeEventListener('message', listener);
    port.emit('message', { data: 'c' });
    expect(got).toEqual(['a']);
    socket.send('d');
    expect(port.sent).toEqual(['d']);
    expect(port.started).toBe(true);
  });

  it.each(['by this end', 'by the other'])('tells once that it was closed %s', (who) => {
    const port = new MainPort();
    const socket = socketOfPort(port);
    let closed = 0;
    socket.addEventListener('close', () => closed++);
    expect(socket.readyState).toBe(1);
    if (who === 'by this end') socket.close();
    else port.emit('close');
    expect(closed).toBe(1);
    port.emit('close');
    socket.close();
    expect([closed, socket.readyState]).toEqual([1, 3]);
    expect(() => socket.send('x')).toThrow('closed');
  });
});
