import * as net from 'node:net';
import * as tls from 'node:tls';
import { CulvertError, systemCode } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { Seldom } from '../base/seldom.ts';
import type { Cover, CoverConnection } from './cover.ts';
import { InProcessSite } from './in-process-site.ts';
import type { Peer } from './memory-socket.ts';

/** As long as nginx waits for an upstream (`proxy_connect_timeout`). */
const CONNECT_TIMEOUT_MS = 60_000;

export interface CoverAddress {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
}

/**
 * Parses `http://host[:port]` or `https://host[:port]`.
 * @throws CulvertError ERR_BAD_OPTION, also for a path: requests pass unchanged, their paths with them.
 */
export function parseCoverUrl(text: string): CoverAddress {
  const remedy = 'give scheme, host and port only, such as http://127.0.0.1:8080';
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new CulvertError('ERR_BAD_OPTION', `${text} is no URL of a cover site`, { remedy, cause });
  }
  const secure = url.protocol === 'https:';
  if (!secure && url.protocol !== 'http:') {
    throw new CulvertError('ERR_BAD_OPTION', `the cover site ${text} is neither http nor https`, { remedy });
  }
  if (
    url.pathname !== '/' ||
    url.search !== '' ||
    url.hash !== '' ||
    url.username !== '' ||
    url.password !== ''
  ) {
    throw new CulvertError('ERR_BAD_OPTION', `the cover site ${text} has more than a host and a port`, {
      remedy,
    });
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { secure, host, port: url.port === '' ? (secure ? 443 : 80) : Number(url.port) };
}

/**
 * A web server elsewhere. Each client's connection gets one of its own there, and the bytes pass as they are: the
 * server's parser, limits and time-outs are the ones that a client meets.
 */
export class ProxyCover implements Cover {
  private readonly address: CoverAddress;
  private readonly log: Logger;
  private readonly name: string;
  private readonly seldom = new Seldom(() => performance.now());
  private readonly standIn = new InProcessSite((_request, response) => {
    response.statusCode = 502;
    response.setHeader('Server', 'nginx');
    response.setHeader('Content-Type', 'text/html');
    response.setHeader('Content-Length', BAD_GATEWAY.length);
    // The next request shall try the site again.
    response.setHeader('Connection', 'close');
    response.end(BAD_GATEWAY);
  });

  constructor(address: CoverAddress, log: Logger) {
    this.address = address;
    this.log = log;
    const host = net.isIPv6(address.host) ? `[${address.host}]` : address.host;
    this.name = `${address.secure ? 'https' : 'http'}://${host}:${address.port}`;
  }

  connect(_peer: Peer): CoverConnection {
    const { secure, host, port } = this.address;
    let open = false;
    const onOpen = (): void => {
      open = true;
      socket.setTimeout(0);
    };
    const socket = secure
      ? this.connectTls(onOpen)
      : net.connect({ host, port, allowHalfOpen: true }, onOpen);
    socket.setNoDelay(true);
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => {
      if (!open) socket.destroy(new Error(`no answer within ${CONNECT_TIMEOUT_MS / 1000} s`));
    });
    socket.once('error', (error) => {
      const reason = systemCode(error) ?? error.message;
      if (open || !this.seldom.may(reason)) return;
      this.log.warn(`cannot reach the cover site ${this.name}: ${reason}; answering 502, check -P`);
    });
    return { stream: socket, isOpen: () => open };
  }

  connectStandIn(peer: Peer): CoverConnection {
    return { stream: this.standIn.connect(peer), isOpen: () => true };
  }

  close(): void {
    this.standIn.close();
  }

  private connectTls(onOpen: () => void): tls.TLSSocket {
    const { host, port } = this.address;
    const servername = net.isIP(host) === 0 ? host : '';
    const options: tls.ConnectionOptions & net.SocketConstructorOpts = {
      host,
      port,
      servername,
      ALPNProtocols: ['http/1.1'],
      allowHalfOpen: true,
    };
    return tls.connect(options, onOpen);
  }
}

const BAD_GATEWAY = Buffer.from(
  [
    '<html>',
    '<head><title>502 Bad Gateway</title></head>',
    '<body>',
    '<center><h1>502 Bad Gateway</h1></center>',
    '<hr><center>nginx</center>',
    '</body>',
    '</html>',
    '',
  ].join('\r\n'),
);
