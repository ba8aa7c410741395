import type { Socket } from 'node:net';
import { CulvertError } from '../base/errors.ts';

export interface ProxyAuth {
  readonly user: string;
  readonly password: string;
}

/** Reads until `done` says how many bytes the answer has; what follows is put back. */
export function readAnswer(socket: Socket, limit: number, done: (bytes: Buffer) => number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let held = Buffer.alloc(0);
    const finish = (): void => {
      socket.off('data', onData);
      socket.off('error', reject);
      socket.off('close', onClose);
      socket.pause();
    };
    const onClose = (): void => {
      finish();
      reject(new CulvertError('ERR_PROXY', 'the proxy closed the connection without an answer'));
    };
    const onData = (chunk: Buffer): void => {
      held = Buffer.concat([held, chunk]);
      const end = done(held);
      if (end < 0 && held.length <= limit) return;
      finish();
      if (end < 0) return reject(new CulvertError('ERR_PROXY', 'the proxy answers with nonsense'));
      if (held.length > end) socket.unshift(held.subarray(end));
      resolve(held.subarray(0, end));
    };
    socket.on('data', onData);
    socket.once('error', reject);
    socket.once('close', onClose);
    // Paused after an earlier answer.
    socket.resume();
  });
}

/** 407: the proxy wants to know who asks. */
export function proxyAuthError(said: string, tried: boolean): CulvertError {
  const text = tried
    ? `the proxy does not accept this user name and password (${said})`
    : `the proxy asks for a user name and password (${said})`;
  return new CulvertError('ERR_PROXY', text, {
    remedy: 'give them with --proxy http://user:password@host:port',
    details: { status: 407 },
  });
}
