/**
 * A client in a process of its own, whose users do not read until told to: so that its memory can be measured.
 *
 * The users' sockets wait in their name lookup. Node queues what is written to such a socket, so nothing of it
 * leaves the process: a kernel would take some 4 MB for each, and hide what is to be measured.
 *
 * Arguments: server URL, key, target port. Messages in: `{open: count}`, `{measure: 'bytes'}` (or `'memory'`, after a collection), `{resume: true}`.
 * Messages out: `{ready: true}`, `{rss, received}` (bytes), `{verified, wrong}`.
 */
import { createHash } from 'node:crypto';
import { connect, createServer } from 'node:net';

const [url, keyText, targetPort] = process.argv.slice(2);
/** @param {string} path below the compiled engine */
const load = (path) => import(new URL(`../../out/src-main/engine/${path}`, import.meta.url).href);
const { Client, parseKey } = await load('index.js');
const { joinSocket } = await load('pump/socket-pump.js');

/** @param {object} message */
const tell = (message) => void process.send?.(message);

/** @type {Array<() => void>} */
const lookups = [];
/** @type {Array<{ counters: { received: number } }>} */
const streams = [];
let expected = 0;
let verified = 0;
let wrong = 0;

// Each flow ends with the hash of what came before.
const sink = createServer((socket) => {
  /** @type {Buffer[]} */
  const chunks = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('end', () => {
    const bytes = Buffer.concat(chunks);
    const hash = createHash('sha256').update(bytes.subarray(0, -32)).digest();
    if (bytes.length > 32 && hash.equals(bytes.subarray(-32))) verified++;
    else wrong++;
    socket.end();
    if (verified + wrong === expected) tell({ verified, wrong });
  });
  socket.on('error', () => wrong++);
});
await new Promise((done) => sink.listen(0, '127.0.0.1', () => done(undefined)));
const address = sink.address();
const sinkPort = address !== null && typeof address === 'object' ? address.port : 0;

const client = new Client({
  server: new URL(url),
  key: await parseKey(keyText),
  forwards: [],
  config: { initialWindowBytes: Number(process.env.WINDOW), streamWindowBytes: Number(process.env.WINDOW) },
  onState: (/** @type {{ kind: string }} */ state) => {
    if (state.kind === 'connected') tell({ ready: true });
  },
});
const tunnel = Reflect.get(client, 'tunnel');

function openStalled() {
  const socket = connect({
    host: 'a-name-that-is-looked-up-later',
    port: sinkPort,
    allowHalfOpen: true,
    lookup: (_host, options, answer) => {
      lookups.push(() =>
        options.all ? answer(null, [{ address: '127.0.0.1', family: 4 }]) : answer(null, '127.0.0.1', 4),
      );
    },
  });
  const stream = tunnel.open(
    { host: '', port: Number(targetPort) },
    { onData: () => {}, onEnd: () => {}, onReset: () => {} },
  );
  streams.push(stream);
  joinSocket(socket, stream);
}

process.on(
  'message',
  (/** @type {{ open?: number, measure?: 'bytes' | 'memory', resume?: boolean }} */ message) => {
    if (message.open !== undefined) {
      expected += message.open;
      for (let i = 0; i < message.open; i++) openStalled();
    }
    if (message.resume) for (const answer of lookups.splice(0)) answer();
    if (message.measure !== undefined) {
      if (message.measure === 'memory') {
        globalThis.gc?.();
        globalThis.gc?.();
      }
      const received = streams.reduce((sum, stream) => sum + stream.counters.received, 0);
      tell({ rss: process.memoryUsage().rss, received });
    }
  },
);
process.on('disconnect', () => process.exit());
await client.start();
