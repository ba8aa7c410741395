import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BLOCK_BYTES, DataCheck, dataBlock } from './demo-data.ts';

/** Most bytes that one request for data gets: 64 GiB. */
const MAX_BYTES = 2 ** 36;

/** The small web site that the demo forwards to. */
export interface Target {
  readonly port: number;
  close(): void;
}

/**
 * Listens on loopback at any free port. `/` says how the request came, `/random?bytes=N` gives data, a POST to
 * `/upload` checks it.
 */
export async function startTarget(): Promise<Target> {
  const server = createServer((request, response) => {
    answer(request, response, portOf(server.address())).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server.address()),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function portOf(address: ReturnType<ReturnType<typeof createServer>['address']>): number {
  return address !== null && typeof address === 'object' ? address.port : 0;
}

async function answer(request: IncomingMessage, response: ServerResponse, port: number): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://target');
  if (url.pathname === '/' && request.method === 'GET') {
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    response.end(page(request.headers.host ?? '', port));
  } else if (url.pathname === '/ping') {
    response.end('pong');
  } else if (url.pathname === '/random' && request.method === 'GET') {
    const bytes = Number(url.searchParams.get('bytes') ?? BLOCK_BYTES);
    if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes > MAX_BYTES) {
      response.writeHead(400).end(`bytes is a whole number, 0 to ${MAX_BYTES}\n`);
    } else await sendData(response, bytes);
  } else if (url.pathname === '/upload' && request.method === 'POST') {
    const check = new DataCheck();
    for await (const chunk of request) check.take(chunk);
    response.setHeader('Content-Type', 'application/json');
    response.end(`${JSON.stringify({ bytes: check.bytes, right: check.right })}\n`);
  } else {
    response.writeHead(404).end('There are /, /random?bytes=N and /upload here.\n');
  }
}

/** Whoever asked for another port than the site's own came through the forward. */
function page(host: string, port: number): string {
  const site = `127.0.0.1:${port}`;
  if (host.endsWith(`:${port}`)) return `Hello. You asked ${site} directly, not through the tunnel.\n`;
  return (
    'Hello. This page came through the tunnel:\n' +
    `  you -> ${host} -> Culvert client -> encrypted session -> Culvert server -> ${site}\n` +
    `Data to measure with: http://${host}/random?bytes=100000000\n`
  );
}

async function sendData(response: ServerResponse, bytes: number): Promise<void> {
  response.setHeader('Content-Type', 'application/octet-stream');
  response.setHeader('Content-Length', bytes);
  await pipeline(Readable.from(blocks(bytes), { objectMode: false }), response);
}

function* blocks(bytes: number): Generator<Buffer> {
  for (let sent = 0; sent < bytes; sent += BLOCK_BYTES) {
    yield dataBlock(sent / BLOCK_BYTES).subarray(0, bytes - sent);
  }
}
