import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';

/** A web server to hide behind. */
export interface TestCover {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

export const BIG_BYTES = 30 * 1024 * 1024;
/** Not periodic in any size that a buffer has. */
export const BIG = Buffer.alloc(BIG_BYTES);
for (let i = 0; i < BIG_BYTES; i++) BIG[i] = i * 31 + (i >> 9);
export const BIG_SHA256 = createHash('sha256').update(BIG).digest('hex');

/** `backlog`: connections that may wait for their accept. */
export async function listening(server: net.Server, backlog?: number): Promise<number> {
  server.listen({ port: 0, host: '127.0.0.1', ...(backlog !== undefined && { backlog }) });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return address.port;
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  const port = await listening(server);
  server.close();
  await once(server, 'close');
  return port;
}

/** A site with an answer for everything that a test wants to see pass. */
function answer(request: http.IncomingMessage, response: http.ServerResponse): void {
  const path = (request.url ?? '/').replace(/^\/app/, '');
  if (path === '/echo') {
    response.setHeader('X-Method', request.method ?? '');
    request.pipe(response);
  } else if (path === '/echo-after') {
    // nginx stalls when a long answer begins before it has sent the whole request.
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => response.end(Buffer.concat(chunks)));
  } else if (path === '/big') {
    response.setHeader('Content-Length', BIG.length);
    response.end(BIG);
  } else if (path === '/chunks') {
    response.setHeader('Trailer', 'X-Sum');
    response.write('first,');
    response.write('second');
    response.addTrailers({ 'X-Sum': '12' });
    response.end();
  } else if (path === '/hints') {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' });
    response.end('hinted');
  } else if (path === '/moved') {
    response.writeHead(302, 'Gone Away For Now', { Location: '/', 'X-two': ['a', 'b'] });
    response.end();
  } else if (path === '/empty') {
    response.writeHead(204);
    response.end();
  } else if (path === '/cut') {
    response.setHeader('Content-Length', 1000);
    response.write('half of it', () => request.socket.destroy());
  } else if (path === '/') {
    response.setHeader('x-CaSe', 'kept');
    response.end('<p>hello</p>');
  } else {
    response.statusCode = 404;
    response.end(`no ${path}`);
  }
}

export interface NodeCover extends TestCover {
  readonly server: http.Server;
}

/** `timeoutMs`: for slow heads and idle connections. */
export async function startNodeCover(timeoutMs = 60_000): Promise<NodeCover> {
  const server = http.createServer({ connectionsCheckingInterval: 50, headersTimeout: timeoutMs }, answer);
  server.keepAliveTimeout = timeoutMs;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1 << 20 });
  server.on('upgrade', (request, socket, head) => {
    if (!request.url?.endsWith('/ws')) {
      socket.end('HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
    });
  });
  const port = await listening(server);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    server,
    close: async () => {
      for (const client of sockets.clients) client.terminate();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const NGINX = '/usr/sbin/nginx';

/** A real nginx with files, and `appPort` behind `/app/`. Its time-outs are `timeoutMs`. */
export async function startNginx(appPort: number, timeoutMs = 1_000): Promise<TestCover> {
  if (!existsSync(NGINX)) throw new Error(`${NGINX} is missing: apt-get install nginx`);
  const prefix = mkdtempSync(join(tmpdir(), 'culvert-nginx-'));
  mkdirSync(join(prefix, 'www'));
  writeFileSync(join(prefix, 'www', 'index.html'), '<h1>It works</h1>\n');
  writeFileSync(join(prefix, 'www', 'big.bin'), BIG);
  const port = await freePort();
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${prefix}/${name};`,
  );
  writeFileSync(
    join(prefix, 'nginx.conf'),
    `daemon off; master_process off; pid ${prefix}/pid; error_log ${prefix}/error.log;
    events { worker_connections 512; }
    http {
      access_log off; ${temp.join(' ')}
      client_header_timeout ${timeoutMs}ms; client_body_timeout ${timeoutMs}ms; keepalive_timeout ${timeoutMs}ms;
      client_max_body_size 64m;
      server {
        listen 127.0.0.1:${port}; root ${prefix}/www;
        location = /moved { return 301 /index.html; }
        location /app/ {
          proxy_pass http://127.0.0.1:${appPort}; proxy_http_version 1.1;
          proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_connection;
        }
      }
    }`,
  );
  const child = spawn(
    NGINX,
    ['-p', prefix, '-c', join(prefix, 'nginx.conf'), '-e', join(prefix, 'error.log')],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  await answering(child, port);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      rmSync(prefix, { recursive: true, force: true });
    },
  };
}

async function answering(child: ChildProcess, port: number): Promise<void> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const deadline = performance.now() + 5_000;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`nginx ended: ${said}`);
    const socket = net.connect(port, '127.0.0.1');
    const up = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`nginx does not accept connections: ${said}`);
}
