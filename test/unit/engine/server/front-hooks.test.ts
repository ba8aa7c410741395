import { once } from 'node:events';
import * as http from 'node:http';
import * as net from 'node:net';
import { expect, it } from 'vitest';
import { messageOf } from '../../../../src-main/engine/server/front-hooks.ts';
import { HeadScanner } from '../../../../src-main/engine/server/head-scan.ts';
import { listening } from '../../../support/web-covers.ts';

it('shows a head as http.Server shows it', async () => {
  const head = Buffer.from(
    [
      'POST /a?b=%20 HTTP/1.1',
      ...[
        'Host: one',
        'Host: two',
        'cookie: a=1',
        'Cookie: b=2',
        'X-List: 1',
        'x-list:\t2 ',
        'Set-Cookie: s=1',
      ],
      ...[
        'Referer: r1',
        'Referer: r2',
        'X-Empty:',
        'X-Latin: \u00e9',
        'Content-Length: 0',
        'From: a',
        'From: b',
      ],
      '',
      '',
    ].join('\r\n'),
    'latin1',
  );
  const server = http.createServer();
  const port = await listening(server);
  const socket = net.connect(port, '127.0.0.1');
  socket.write(head);
  const [real]: http.IncomingMessage[] = await once(server, 'request');
  const result = new HeadScanner(4096).push(head);
  if (result.kind !== 'head') throw new Error(result.kind);
  const ours = messageOf(result.head, socket);
  const visible = (message: http.IncomingMessage): unknown => ({
    method: message.method,
    url: message.url,
    version: [message.httpVersion, message.httpVersionMajor, message.httpVersionMinor],
    rawHeaders: message.rawHeaders,
    headers: { ...message.headers },
  });
  expect(visible(ours)).toEqual(visible(real));
  expect(ours.socket).toBe(socket);
  socket.destroy();
  server.close();
});
