import { connect, createServer, type Socket } from 'node:net';

/**
 * A TCP relay that lets every byte wait: the time of flight of a long path, without its losses.
 * `node delay-relay.js LISTEN_PORT TARGET_PORT ROUND_TRIP_MS`
 */
const [listenPort, targetPort, roundTripMs] = process.argv.slice(2).map(Number);
/** Bytes under way in one direction of a connection: more than any window a measure has. */
const MOST = 64 << 20;

function delay(from: Socket, to: Socket): void {
  const queue: Array<{ due: number; chunk: Buffer | undefined }> = [];
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const run = (): void => {
    timer = undefined;
    const now = performance.now();
    to.cork();
    while (queue.length > 0 && queue[0].due <= now) {
      const { chunk } = queue[0];
      queue.shift();
      bytes -= chunk?.length ?? 0;
      if (chunk === undefined) to.end();
      else to.write(chunk);
    }
    to.uncork();
    if (bytes < MOST && from.isPaused()) from.resume();
    if (queue.length > 0) timer = setTimeout(run, Math.max(0, queue[0].due - now));
  };
  const put = (chunk: Buffer | undefined): void => {
    queue.push({ due: performance.now() + roundTripMs / 2, chunk });
    bytes += chunk?.length ?? 0;
    if (bytes >= MOST) from.pause();
    timer ??= setTimeout(run, roundTripMs / 2);
  };
  from.on('data', put);
  from.on('end', () => put(undefined));
  from.on('error', () => to.destroy());
  from.on('close', () => {
    if (from.readableEnded) return;
    clearTimeout(timer);
    to.destroy();
  });
}

createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
  const far = connect({ host: '127.0.0.1', port: targetPort, allowHalfOpen: true, noDelay: true });
  delay(near, far);
  delay(far, near);
}).listen(listenPort, '127.0.0.1');
