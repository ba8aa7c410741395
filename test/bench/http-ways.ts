import { nginxConfig } from '../support/real-proxies.ts';
import { READY_TIMEOUT_MS, startCulvertClient, startCulvertServer } from './culvert.ts';
import { startTarget } from './peers.ts';
import type { ProcessSet } from './processes.ts';
import { compiledModule, echoOnce, findProgram, freePort, portAccepts, waitUntilReady } from './rig.ts';

/** A way from client to server. Each has a server, a client and a target of its own. */
export interface Way {
  readonly id: 'ws' | 'buffers' | 'streams' | 'nginx' | 'far';
  readonly title: string;
  readonly about: string;
  /** Time of flight put in, both ways together, ms. */
  readonly roundTripMs: number;
}

export const WAYS: readonly Way[] = [
  { id: 'ws', title: 'WebSocket', about: 'no proxy', roundTripMs: 0 },
  {
    id: 'buffers',
    title: 'HTTP, buffering proxy',
    about: 'test/bench/buffer-proxy.c: whole requests, whole answers',
    roundTripMs: 0,
  },
  {
    id: 'nginx',
    title: 'HTTP, nginx',
    about: 'its defaults but for memory enough to buffer a body without a file',
    roundTripMs: 0,
  },
  {
    id: 'streams',
    title: 'HTTP, streaming proxy',
    about: 'nginx with proxy_buffering and proxy_request_buffering off, and no limit of a body’s length',
    roundTripMs: 0,
  },
  {
    id: 'far',
    title: 'HTTP, buffering, 100 ms',
    about: 'a relay that delays by 50 ms each way, then the buffering proxy',
    roundTripMs: 100,
  },
];

/** The same for all of nginx: what is measured is not the disk. */
/** ... nor how often it closes a connection, which the load tool does not survive. */
const NGINX_BODY =
  'keepalive_requests 1000000; client_body_buffer_size 1100k; proxy_max_temp_file_size 0; proxy_busy_buffers_size 128k;';
const NGINX_BUFFERS = `${NGINX_BODY} proxy_buffer_size 64k; proxy_buffers 32 64k;`;
const NGINX_STREAMS = `${NGINX_BUFFERS} client_max_body_size 0; proxy_buffering off; proxy_request_buffering off;`;

export interface Tools {
  readonly processes: ProcessSet;
  readonly folder: string;
  readonly tb: string;
  readonly httpLoad: string;
  readonly bufferProxy: string;
}

/** Starts what is between a client and `target`; gives the port that the client is to use. */
async function startBetween(way: Way['id'], target: number, tools: Tools): Promise<number> {
  if (way === 'ws') return target;
  const { processes } = tools;
  const port = await freePort();
  const isNginx = way === 'nginx' || way === 'streams';
  const proxy = isNginx
    ? processes.start(
        'nginx',
        findProgram('nginx') ?? '/usr/sbin/nginx',
        nginxConfig({
          folder: `${tools.folder}/${way}-${port}`,
          port,
          target,
          extra: way === 'streams' ? NGINX_STREAMS : NGINX_BUFFERS,
        }),
      )
    : processes.start('buffer-proxy', tools.bufferProxy, [String(port), String(target)]);
  await waitUntilReady('the proxy', () => portAccepts(port), [proxy], READY_TIMEOUT_MS);
  return port;
}

/** A forward over `way`; gives its local port. */
export async function startWay(way: Way, tools: Tools): Promise<number> {
  const { processes, tb } = tools;
  const targetPort = await startTarget(processes, tb);
  const options = {
    targetPort,
    transport: way.id === 'ws' ? 'ws' : 'http',
    probe: (port: number) => echoOnce(port, 2000),
  } as const;
  const server = await startCulvertServer(processes, options);
  await waitUntilReady('the server', () => portAccepts(server.port), [server.process], READY_TIMEOUT_MS);
  let through = await startBetween(way.id, server.port, tools);
  if (way.roundTripMs > 0) {
    const port = await freePort();
    const args = [compiledModule('bench/delay-relay'), port, through, way.roundTripMs].map(String);
    const relay = processes.start('delay-relay', process.execPath, args);
    await waitUntilReady('the relay', () => portAccepts(port), [relay], READY_TIMEOUT_MS);
    through = port;
  }
  return (await startCulvertClient(processes, server, { ...options, through })).localPort;
}

/** A proxy in front of a server that only answers POSTs: gives its port. */
export async function startBound(way: Way, tools: Tools): Promise<number> {
  const port = await freePort();
  const server = tools.processes.start('http-load', tools.httpLoad, ['serve', String(port)]);
  await waitUntilReady('http-load', () => portAccepts(port), [server], READY_TIMEOUT_MS);
  return startBetween(way.id, port, tools);
}
