import { connect, isIP, type Socket } from 'node:net';
import type { Clock, Timer } from '../base/clock.ts';
import { systemCode } from '../base/errors.ts';
import { resetSocket } from '../base/reset-socket.ts';
import { sharedRead } from '../base/socket-reader.ts';
import type { IncomingStream } from '../mux/muxer-options.ts';
import type { OpenFailure, StreamEvents, Target } from '../mux/types.ts';
import { SocketPump } from '../pump/socket-pump.ts';

export interface OutboundOptions {
  dialTimeoutMs: number;
  idleTimeoutMs: number;
  clock: Clock;
}

/** An empty host is the server itself: IPv4 loopback, then IPv6. */
const LOOPBACK = ['127.0.0.1', '::1'] as const;

/**
 * Connects a stream the client opened to its target, by name (RFC 8305 when it has several addresses: Node's
 * `autoSelectFamily`) or address. What arrives before the connection stands is kept; the window bounds it.
 */
export function dialTarget(incoming: IncomingStream, target: Target, options: OutboundOptions): void {
  const { stream } = incoming;
  const pump = new SocketPump(stream, { idleTimeoutMs: options.idleTimeoutMs });
  const onread = sharedRead((chunk) => pump.take(chunk));
  const early: Buffer[] = [];
  let ended = false;
  let socket: Socket | undefined;
  let timer: Timer | undefined;
  let settled = false;

  const waiting: StreamEvents = {
    onData: (chunk) => early.push(chunk),
    onEnd: () => {
      ended = true;
    },
    onReset: () => {
      settled = true;
      // The kernel may have connected already: then the target gets a reset too, not an ordinary end. The timer
      // stays for a target that never answers.
      if (socket !== undefined) resetSocket(socket);
    },
  };
  stream.listen(waiting);

  const fail = (failure: Exclude<OpenFailure, 'noSession'>, message: string): void => {
    if (settled) return;
    settled = true;
    timer?.cancel();
    socket?.destroy();
    incoming.fail(failure, message);
  };

  const onConnect = (open: Socket): void => {
    timer?.cancel();
    if (settled) return;
    settled = true;
    open.removeAllListeners('error');
    stream.listen(pump);
    pump.attach(open);
    incoming.accept();
    for (const chunk of early) pump.onData(chunk);
    if (ended) pump.onEnd();
  };

  const dial = (hosts: readonly string[]): void => {
    const [host, ...others] = hosts;
    const attempt = connect({ host, port: target.port, allowHalfOpen: true, noDelay: true, onread });
    socket = attempt;
    attempt.once('connect', () => onConnect(attempt));
    attempt.on('error', (error) => {
      if (settled) return timer?.cancel();
      if (others.length > 0) return dial(others);
      fail(
        failureOf(error),
        `${target.host || 'the server itself'}:${target.port}: ${systemCode(error) ?? error.message}`,
      );
    });
  };

  timer = options.clock.after(options.dialTimeoutMs, () => {
    fail('timeout', `${target.host || 'the server itself'}:${target.port} did not answer in time`);
    socket?.destroy();
  });
  if (target.host === '') return dial(LOOPBACK);
  if (isIP(target.host) === 0 && !/^[\x21-\x7e]{1,253}$/.test(target.host)) {
    return fail('nameNotFound', 'the host name is malformed');
  }
  dial([target.host]);
}

/** Node's error as the failure that crosses the wire. Of several attempts the first that says more than "no route". */
function failureOf(error: Error): Exclude<OpenFailure, 'noSession'> {
  if (error instanceof AggregateError) {
    const all = error.errors.map((one) => (one instanceof Error ? failureOf(one) : 'internal'));
    return all.find((one) => one === 'refused' || one === 'timeout') ?? all[0] ?? 'internal';
  }
  switch (systemCode(error)) {
    case 'ECONNREFUSED':
    case 'ECONNRESET':
      return 'refused';
    case 'ETIMEDOUT':
      return 'timeout';
    case 'EHOSTUNREACH':
    case 'EHOSTDOWN':
    case 'EADDRNOTAVAIL':
      return 'hostUnreachable';
    case 'ENETUNREACH':
      return 'networkUnreachable';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA':
    case 'EAI_NONAME':
      return 'nameNotFound';
    case 'EACCES':
    case 'EPERM':
      return 'denied';
    default:
      return 'internal';
  }
}
