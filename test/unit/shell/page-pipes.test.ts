import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';
import type { PortMain, SenderEvent } from '../../../src-main/shell/electron-api.ts';
import { PagePipes } from '../../../src-main/shell/page-pipes.ts';

class Port extends EventEmitter {
  closed = false;
  start(): void {}
  postMessage(): void {}
  close(): void {
    this.closed = true;
    this.emit('close');
  }
}

const OURS = 7;
let ipc: EventEmitter;
let served: unknown[];
let given: unknown[];
let refused: string[];
let ready: number;
let pipes: PagePipes;

function event(id: number, frame: Partial<NonNullable<SenderEvent['senderFrame']>> | null): SenderEvent {
  const postMessage = (_channel: string, _message: unknown, ports: unknown[] = []): void => {
    given.push(...ports);
  };
  const senderFrame = frame && { url: 'app://culvert/index.html', parent: null, postMessage, ...frame };
  return { sender: { id }, senderFrame };
}

beforeEach(() => {
  ipc = new EventEmitter();
  [served, given, refused, ready] = [[], [], [], 0];
  pipes = new PagePipes({
    ipc,
    makeChannel: () => ({ port1: new Port() satisfies PortMain, port2: new Port() satisfies PortMain }),
    serve: (port) => served.push(port),
    isOurs: (id) => id === OURS,
    onReady: () => ready++,
    onRefused: (url) => refused.push(url),
  });
});

describe('the pipes of pages', () => {
  it.each<[string, number, Parameters<typeof event>[1]]>([
    ['another origin', OURS, { url: 'https://evil.test/' }],
    ['a host that begins as ours', OURS, { url: 'app://culvert.evil.test/' }],
    ['a file', OURS, { url: 'file:///index.html' }],
    ['no address', OURS, { url: '' }],
    ['a frame within the page', OURS, { parent: {} }],
    ['a window that is not ours', 8, {}],
    ['a frame that is gone', OURS, null],
  ])('give nothing to %s, and hear nothing from it', (_name, id, frame) => {
    ipc.emit('culvert:connect', event(id, frame));
    ipc.emit('culvert:ready', event(id, frame));
    expect({ served, given, ready, size: pipes.size }).toEqual({ served: [], given: [], ready: 0, size: 0 });
    expect(refused).toHaveLength(2);
  });

  it('are one for each page: asking again closes the one before, and closing forgets it', () => {
    ipc.emit('culvert:connect', event(OURS, {}));
    ipc.emit('culvert:connect', event(OURS, {}));
    ipc.emit('culvert:ready', event(OURS, {}));
    const [first, second] = served.map((port) => port as Port);
    expect([first.closed, second.closed, pipes.size, ready, refused]).toEqual([true, false, 1, 1, []]);
    expect(given).toHaveLength(2);
    pipes.close(OURS);
    expect([second.closed, pipes.size]).toEqual([true, 0]);
    pipes.close(OURS);
  });
});
