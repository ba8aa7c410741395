import { connect, isIP, Socket } from 'node:net';
import { formatHostPort } from '../base/address.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { systemCode } from '../base/errors.ts';
import { resetSocket } from '../base/reset-socket.ts';
import { sharedRead } from '../base/socket-reader.ts';
import type { IncomingStream } from '../mux/muxer-options.ts';
import type { OpenFailure, StreamEvents, Target, TunnelStream } from '../mux/types.ts';
import { type AnySocket, takeOver } from '../native/any-socket.ts';
import { type Dial, dialDirectly } from '../native/direct-dial.ts';
import { SocketPump } from '../pump/socket-pump.ts';
import { failureOf, isLookupName, LOOPBACK } from './outbound-failure.ts';

export interface OutboundOptions {
  dialTimeoutMs: number;
  idleTimeoutMs: number;
  clock: Clock;
}

/** What a client asks for, and how it is told of the outcome. */
export interface Dialling extends Omit<IncomingStream, 'stream'> {
  readonly stream: TunnelStream;
}

/**
 * Connects a stream the client opened to its target, by name (RFC 8305 when it has several addresses: Node's
 * `autoSelectFamily`) or address. What arrives before the connection stands is kept; the window bounds it.
 */
export function dialTarget(incoming: Dialling, target: Target, options: OutboundOptions): void {
  const { stream } = incoming;
  const where = (): string => formatHostPort(target.host || 'the server itself', target.port);
  const pump = new SocketPump(stream, { idleTimeoutMs: options.idleTimeoutMs });
  const take = (chunk: Buffer): boolean => pump.take(chunk);
  const early: Buffer[] = [];
  let ended = false;
  let dialled: AnySocket | Dial | undefined;
  let timer: Timer | undefined;
  let settled = false;

  const waiting: StreamEvents = {
    onData: (chunk) => early.push(chunk),
    onEnd: () => {
      ended = true;
    },
    onReset: () => {
      settled = true;
      // The kernel may have connected already: then the target gets a reset too, not an ordinary end.
      if (dialled instanceof Socket) {
        // The timer stays for a target that never answers.
        resetSocket(dialled);
        return;
      }
      dialled?.destroy();
      timer?.cancel();
    },
  };
  stream.listen(waiting);

  const fail = (failure: Exclude<OpenFailure, 'noSession'>, message: string): void => {
    if (settled) return;
    settled = true;
    timer?.cancel();
    dialled?.destroy();
    incoming.fail(failure, message);
  };

  const onConnect = (open: AnySocket): void => {
    timer?.cancel();
    if (settled) return;
    settled = true;
    stream.listen(pump);
    pump.attach(open);
    incoming.accept();
    for (const chunk of early) pump.onData(chunk);
    if (ended) pump.onEnd();
  };

  const dial = (hosts: readonly string[]): void => {
    const [host, ...others] = hosts;
    const onError = (error: Error): void => {
      if (settled) return timer?.cancel();
      if (others.length > 0) return dial(others);
      fail(failureOf(error), `${where()}: ${systemCode(error) ?? error.message}`);
    };
    const before = dialled;
    const direct = dialDirectly(host, target.port, { take, connected: onConnect, failed: onError });
    if (direct !== undefined) {
      // It may have failed within the call, and the next one been begun.
      if (dialled === before) dialled = direct;
      return;
    }
    const onread = sharedRead(take);
    const attempt = connect({ host, port: target.port, allowHalfOpen: true, noDelay: true, onread });
    dialled = attempt;
    attempt.once('connect', () => {
      if (settled) return timer?.cancel();
      attempt.removeAllListeners('error');
      onConnect(takeOver(attempt, take) ?? attempt);
    });
    attempt.on('error', onError);
  };

  timer = options.clock.after(options.dialTimeoutMs, () => {
    fail('timeout', `${where()} did not answer in time`);
    dialled?.destroy();
  });
  if (target.host === '') return dial(LOOPBACK);
  if (isIP(target.host) === 0 && !isLookupName(target.host)) {
    return fail('nameNotFound', 'the host name is malformed');
  }
  dial([target.host]);
}
