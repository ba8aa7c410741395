import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** What every name of the server resolves to (RFC 5737). */
export const DNS_ANSWER = '192.0.2.53';

/**
 * A DNS server over UDP (RFC 1035) that answers every query with one address.
 */
export class DnsServer {
  /** Queries so far. */
  queries = 0;
  private readonly socket: Socket;

  constructor(family: 4 | 6 = 4) {
    this.socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    this.socket.on('message', (query, from) => {
      this.queries++;
      this.socket.send(answerTo(query), from.port, from.address);
    });
  }

  async listen(host = '127.0.0.1', port = 0): Promise<number> {
    this.socket.bind(port, host);
    await once(this.socket, 'listening');
    return this.socket.address().port;
  }

  close(): void {
    this.socket.close();
  }
}

/** A query for one A record. */
export function dnsQuery(name: string, id = 0x1234): Buffer {
  const labels = name.split('.').map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`));
  const head = Buffer.from([id >> 8, id & 0xff, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([head, ...labels, Buffer.from([0, 0, 1, 0, 1])]);
}

/** The address in an answer of this server. */
export function dnsAddress(answer: Buffer): string {
  return answer.subarray(-4).join('.');
}

/** The question comes back, with one A record behind it. */
function answerTo(query: Buffer): Buffer {
  let end = 12;
  while (query[end] !== 0 && end < query.length) end += 1 + query[end];
  end += 5;
  const head = Buffer.from(query.subarray(0, 12));
  // Response, recursion available; one question, one answer, nothing else (an OPT record of the query is left out).
  head[2] |= 0x80;
  head[3] = 0x80;
  head.writeUInt16BE(1, 6);
  head.writeUInt32BE(0, 8);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...DNS_ANSWER.split('.').map(Number)]);
  return Buffer.concat([head, query.subarray(12, end), record]);
}
