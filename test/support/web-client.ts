import { once } from 'node:events';
import * as net from 'node:net';

/** What a raw client sends: bytes, a pause of so many ms, or the end of its side. */
export type Step = string | Buffer | { readonly pauseMs: number } | 'FIN' | 'RST';

export interface Exchange {
  readonly bytes: Buffer;
  readonly text: string;
  /** How the server ended: `fin`, `reset`, or `open` when the client had enough. */
  readonly end: 'fin' | 'reset' | 'open';
  readonly ms: number;
}

const DEADLINE_MS = 8_000;

/** Plays `steps` to a server and collects what it says until it closes, or until `enough` is content. */
export async function exchange(
  port: number,
  steps: readonly Step[],
  enough?: (text: string) => boolean,
): Promise<Exchange> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const started = performance.now();
  const chunks: Buffer[] = [];
  let end: Exchange['end'] = 'open';
  const finished = new Promise<void>((resolve, reject) => {
    const deadline = setTimeout(() => {
      socket.destroy();
      reject(
        new Error(`no end within ${DEADLINE_MS} ms; so far: ${Buffer.concat(chunks).toString('latin1')}`),
      );
    }, DEADLINE_MS);
    const done = (): void => {
      clearTimeout(deadline);
      resolve();
    };
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (enough?.(Buffer.concat(chunks).toString('latin1'))) done();
    });
    socket.on('end', () => {
      end = 'fin';
      done();
    });
    socket.on('error', (error) => {
      if ('code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE')) end = 'reset';
      done();
    });
    socket.on('close', done);
  });
  await once(socket, 'connect');
  for (const step of steps) {
    if (socket.destroyed) break;
    if (step === 'FIN') socket.end();
    else if (step === 'RST') socket.resetAndDestroy();
    else if (typeof step === 'string') socket.write(step, 'latin1');
    else if (Buffer.isBuffer(step)) socket.write(step);
    else await new Promise((resolve) => setTimeout(resolve, step.pauseMs));
  }
  await finished;
  const ms = performance.now() - started;
  socket.destroy();
  const bytes = Buffer.concat(chunks);
  return { bytes, text: bytes.toString('latin1'), end, ms };
}

/** The answer with its Date lines made equal. */
export function undated(text: string): string {
  return text.replace(/^(Date|date): [^\r]*/gm, '$1: *');
}

/** True once `text` has `count` of `mark`. */
export function times(mark: string, count: number): (text: string) => boolean {
  return (text) => text.split(mark).length - 1 >= count;
}

/**
 * Whether two servers end the same exchange after the same time, give or take `slackMs`. Both are asked at once, so
 * that a busy machine is as slow for the one as for the other; the best of three counts.
 */
export async function endTogether(
  one: number,
  other: number,
  steps: readonly Step[],
  slackMs: number,
): Promise<boolean> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const [a, b] = await Promise.all([exchange(one, steps), exchange(other, steps)]);
    if (Math.abs(a.ms - b.ms) < slackMs) return true;
  }
  return false;
}
