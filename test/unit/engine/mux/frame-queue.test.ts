import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { FrameQueue, type QueuedFrame } from '../../../../src-main/engine/mux/frame-queue.ts';
import { RecordOrder } from '../../../../src-main/engine/mux/record-order.ts';

const frame = (number: number): QueuedFrame => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return { bytes, order: new RecordOrder(), opens: undefined };
};

it('gives frames in order, also when it is never empty, and keeps none that it gave', async () => {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  const queue = new FrameQueue(true);
  queue.push(frame(0));
  let first: WeakRef<QueuedFrame> | undefined;
  for (let i = 1; i <= 5000; i++) {
    queue.push(frame(i));
    const next = queue.peek();
    first ??= next && new WeakRef(next);
    expect(next?.bytes.readUInt32BE()).toBe(i - 1);
    expect(next?.order.queued).toBe(1);
    queue.drop();
    expect(next?.order.queued).toBe(0);
  }
  expect(queue.size).toBe(1);
  for (let i = 0; i < 10 && first?.deref() !== undefined; i++) {
    await setImmediate();
    if (typeof gc === 'function') gc();
  }
  expect(first?.deref()).toBeUndefined();
  expect(queue.peek()?.bytes.readUInt32BE()).toBe(5000);
});
