import { connect, createServer } from 'node:net';

/**
 * A plain TCP relay of two sockets per connection, no encryption and no state of its own: what Node's sockets
 * alone cost in memory. `node relay.js LISTEN_PORT TARGET_PORT`
 */
const [listenPort, targetPort] = process.argv.slice(2).map(Number);
const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  const upstream = connect({ host: '127.0.0.1', port: targetPort, allowHalfOpen: true, noDelay: true });
  socket.pipe(upstream).pipe(socket);
  socket.on('error', () => upstream.destroy());
  upstream.on('error', () => socket.destroy());
});
server.listen(listenPort, '127.0.0.1');
