import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { OpenFailure, StreamEvents, StreamOpener, Target, TunnelStream } from '../mux/types.ts';
import type { ByteReader } from './byte-reader.ts';
import { targetText } from './host-name.ts';
import type { ProxyAuth } from './proxy-auth.ts';
import { replyAndClose } from './reply-and-close.ts';
import type { UdpAssociates } from './udp-associate.ts';

/**
 * Pumps bytes between a socket and an open stream until both are closed. Returns the events to pass to
 * `stream.listen`. `head` is what was already read from the socket: it goes to the stream before `join`
 * returns. The socket comes flowing, so listeners must be attached in the same turn.
 */
export type Join = (
  socket: Socket,
  stream: TunnelStream,
  options: { head?: Buffer; onDone?: (error?: Error) => void },
) => StreamEvents;

/** One accepted connection while its dialect is being spoken. */
export interface Dialog {
  readonly socket: Socket;
  readonly reader: ByteReader;
  readonly opener: StreamOpener;
  readonly auth: ProxyAuth | undefined;
  readonly join: Join;
  readonly clock: Clock;
  readonly log: Logger;
  readonly headTimeoutMs: number;
  /** Nothing may move in an HTTP exchange for this long, ms; 0 = for ever. `join` has its own. */
  readonly idleTimeoutMs: number;
  /** UDP ASSOCIATE; absent where there is none. */
  readonly udp?: UdpAssociates | undefined;
}

/** What a dialect says once the target is open or has failed. */
export interface Answers {
  readonly opened: Buffer;
  failed(failure: OpenFailure, message: string): Buffer;
}

/** Cuts the connection after `ms` unless the returned function is called first. */
export function cutAfter(dialog: Dialog, ms: number): () => void {
  const timer = dialog.clock.after(ms, () => {
    dialog.log.debug(() => `cut a client that asked for nothing within ${ms} ms`);
    dialog.socket.destroySoon();
  });
  return () => timer.cancel();
}

/** Sends a last reply, if any, and closes in order. */
export function refuse(dialog: Dialog, reason: string, reply?: Buffer): void {
  dialog.log.debug(() => `refused a client: ${reason}`);
  dialog.reader.detach();
  replyAndClose(dialog.socket, reply, dialog.clock);
}

/** Opens the target, answers, and joins the two; success is only said once the far end has connected. */
export function openAndJoin(dialog: Dialog, target: Target, answers: Answers): void {
  const { socket, reader, log } = dialog;
  if (socket.destroyed) return;
  let settled = false;
  const fail = (failure: OpenFailure, message: string): void => {
    if (settled) return;
    settled = true;
    log.debug(() => `${targetText(target)}: ${failure}${message === '' ? '' : `, ${message}`}`);
    reader.detach();
    replyAndClose(socket, answers.failed(failure, message), dialog.clock);
  };
  const stream = dialog.opener.open(target, {
    onOpened: () => {
      if (settled) return;
      settled = true;
      socket.write(answers.opened);
      const head = reader.detach();
      stream.listen(dialog.join(socket, stream, head.length > 0 ? { head } : {}));
      // A client may half-close before it is answered; its 'end' is then past, and nobody else would tell.
      if (socket.readableEnded) stream.end();
    },
    onOpenFailed: fail,
    onData() {},
    onEnd() {},
    onReset: (reason) => fail(reason === 'sessionLost' ? 'noSession' : 'internal', 'the stream was reset'),
  });
  // A client that gives up must not leave a dial behind.
  socket.once('close', () => {
    if (settled) return;
    settled = true;
    stream.reset('reset');
  });
}
