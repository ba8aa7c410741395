import type { Socket } from 'node:net';
import type { StreamEvents, TunnelStream } from '../../src-main/engine/mux/types.ts';

/** The plainest pump between a socket and a stream: right in its semantics, with no thought for speed. */
export function simpleJoin(
  socket: Socket,
  stream: TunnelStream,
  options: { head?: Buffer; onDone?: (error?: Error) => void },
): StreamEvents {
  let finReceived = false;
  const send = (chunk: Buffer): void => {
    if (!stream.write(chunk)) socket.pause();
  };
  if (options.head !== undefined) send(options.head);
  socket.on('data', send);
  socket.on('end', () => stream.end());
  socket.once('close', () => {
    if (!finReceived || !socket.readableEnded) stream.reset('reset');
    options.onDone?.(socket.errored ?? undefined);
  });
  return {
    onData: (chunk) => void socket.write(chunk, () => stream.consumed(chunk.length)),
    onEnd: () => {
      finReceived = true;
      socket.end();
    },
    onReset: () => void socket.resetAndDestroy(),
    onDrain: () => void socket.resume(),
  };
}
