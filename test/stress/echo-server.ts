import { WebSocketServer } from 'ws';
import type { ServerCounters } from './status.ts';

/**
 * A WebSocket echo server as a process of its own, told what to do over its message channel:
 * says `{ port }` once it listens; answers `counters` with its counters; `reset` sets them to zero. Ends when
 * the channel closes, so it never outlives who started it.
 */
const counters = { active: 0, total: 0, received: 0, bytes: 0 };

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });

server.on('listening', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.send?.({ port: address.port });
});

server.on('connection', (socket) => {
  counters.active++;
  counters.total++;
  socket.on('message', (data, isBinary) => {
    counters.received++;
    if (Buffer.isBuffer(data)) counters.bytes += 2 * data.length;
    socket.send(data, { binary: isBinary });
  });
  // A broken connection is the load generator's to report: it sees the echoes that never come.
  socket.on('error', () => {});
  socket.on('close', () => {
    counters.active--;
  });
});

process.on('message', (message) => {
  if (message === 'counters') {
    const answer: ServerCounters = { ...counters };
    process.send?.({ counters: answer });
  } else if (message === 'reset') {
    counters.total = counters.active;
    counters.received = 0;
    counters.bytes = 0;
  }
});
process.on('disconnect', () => process.exit(0));
