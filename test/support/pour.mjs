// A far end that sends as fast as it is read, and a reader of it: `pour.mjs source` prints its port, `pour.mjs sink PORT`
// prints how many bytes came, once a second.
import { connect, createServer } from 'node:net';

const [role, port] = process.argv.slice(2);
if (role === 'source') {
  const block = Buffer.alloc(256 << 10);
  const server = createServer((socket) => {
    const pour = () => {
      while (socket.write(block));
    };
    socket.on('drain', pour).on('error', () => {});
    pour();
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (address !== null && typeof address === 'object') process.stdout.write(`port ${address.port}\n`);
  });
} else {
  let bytes = 0;
  connect(Number(port), '127.0.0.1').on('data', (chunk) => {
    bytes += chunk.length;
  });
  setInterval(() => {
    process.stdout.write(`bytes ${bytes}\n`);
    bytes = 0;
  }, 1_000);
}
