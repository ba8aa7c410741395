import type { Socket } from 'node:net';
import { type Clock, systemClock } from '../base/clock.ts';
import { type Logger, silentLogger } from '../base/log.ts';
import type { StreamOpener } from '../mux/types.ts';
import { ByteReader } from './byte-reader.ts';
import { cutAfter, type Dialog, type Join, refuse } from './dialect.ts';
import { serveHttp } from './http-dialect.ts';
import type { ProxyAuth } from './proxy-auth.ts';
import { serveSocks4, serveSocks5 } from './socks-dialect.ts';
import { SOCKS4_VERSION } from './socks4.ts';
import { SOCKS5_VERSION } from './socks5.ts';
import type { UdpAssociates } from './udp-associate.ts';

/** How long a client may take to say what it wants, from accept to the end of its request, in ms. */
export const HEAD_TIMEOUT_MS = 30_000;

export interface MixedOptions {
  /** The user and password to ask for. Default: none are asked for. */
  readonly auth?: ProxyAuth;
  /** Default HEAD_TIMEOUT_MS. */
  readonly headTimeoutMs?: number;
  /** Of absolute-form HTTP exchanges. Default: none. */
  readonly idleTimeoutMs?: number;
  readonly log?: Logger;
  readonly clock?: Clock;
  /** UDP ASSOCIATE. Default: refused. */
  readonly udp?: UdpAssociates;
  /** Pumps bytes between a socket and its stream once both are open. */
  readonly join: Join;
}

type DialectName = 'socks5' | 'socks4' | 'http';

/**
 * Serves one connection to a dynamic port: its first byte tells the dialect. The socket comes from a server
 * with `allowHalfOpen` and has not been read from.
 */
export function serveMixed(socket: Socket, opener: StreamOpener, options: MixedOptions): void {
  // Whoever reads or writes sees the failure; this only keeps it from being uncaught.
  socket.on('error', () => {});
  socket.setNoDelay(true);
  const dialog: Dialog = {
    socket,
    reader: new ByteReader(socket),
    opener,
    auth: options.auth,
    join: options.join,
    clock: options.clock ?? systemClock,
    log: options.log ?? silentLogger,
    headTimeoutMs: options.headTimeoutMs ?? HEAD_TIMEOUT_MS,
    idleTimeoutMs: options.idleTimeoutMs ?? 0,
    udp: options.udp,
  };
  speak(dialog).catch((error: unknown) => {
    dialog.log.debug(() => `a client's connection was lost: ${String(error)}`);
    socket.destroy();
  });
}

async function speak(dialog: Dialog): Promise<void> {
  const stopTimer = cutAfter(dialog, dialog.headTimeoutMs);
  dialog.socket.once('close', stopTimer);
  const first = await dialog.reader.next();
  if (first === null) return refuse(dialog, 'closed without a word');
  dialog.reader.putBack(first);
  switch (dialectOf(first[0])) {
    case 'socks5':
      return serveSocks5(dialog, stopTimer);
    case 'socks4':
      return serveSocks4(dialog, stopTimer);
    case 'http':
      return serveHttp(dialog, stopTimer);
    case undefined:
      return refuse(dialog, `first byte ${first[0]}: neither SOCKS nor HTTP`);
  }
}

/** An HTTP method is a token and may be preceded by empty lines; real ones begin with a letter. */
function dialectOf(byte: number): DialectName | undefined {
  if (byte === SOCKS5_VERSION) return 'socks5';
  if (byte === SOCKS4_VERSION) return 'socks4';
  const lower = byte | 0x20;
  return byte === 0x0d || (lower >= 0x61 && lower <= 0x7a) ? 'http' : undefined;
}
