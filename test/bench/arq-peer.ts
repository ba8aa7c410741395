/**
 * Our own ARQ over UDP in its fast3 mode, as `ikcp-peer.c` has the reference:
 * `node arq-peer.js send HOST PORT WINDOW` and `node arq-peer.js receive HOST PORT WINDOW WARM SECS`.
 */
import { createSocket } from 'node:dgram';
import { ARQ_MODES, Arq } from '../../src-main/engine/carrier/kcp/arq.ts';

const [role, host, port, window, warm, seconds] = process.argv.slice(2);
const sends = role === 'send';
let peer = sends ? { address: host, port: Number(port) } : undefined;
let began: number | undefined;
let got = 0;

const socket = createSocket({ type: 'udp4', lookup: (name, _options, done) => done(null, name, 4) });
const arq = new Arq({
  conv: 7,
  mode: ARQ_MODES.fast3,
  mtu: 1400,
  sendWindow: Number(window),
  receiveWindow: Number(window),
  stream: true,
  output: (datagram) => {
    if (peer !== undefined) socket.send(datagram, peer.port, peer.address, () => {});
  },
});
const block = Buffer.alloc(16 << 10);

function turn(): void {
  while (sends && arq.waiting < 2 * Number(window)) arq.send(block);
  arq.update(Math.floor(performance.now()));
}

socket.on('message', (datagram, from) => {
  if (!sends) peer = { address: from.address, port: from.port };
  arq.input(datagram);
  for (let message = arq.receive(); message !== undefined; message = arq.receive()) {
    const now = performance.now();
    began ??= now;
    if (now - began >= Number(warm) * 1000) got += message.length;
  }
  if (began !== undefined && performance.now() - began >= (Number(warm) + Number(seconds)) * 1000) {
    console.log(`MB/s=${(got / 1e6 / Number(seconds)).toFixed(2)} fails=0`);
    process.exit(0);
  }
});
socket.bind(sends ? 0 : Number(port), sends ? undefined : host, () => {
  socket.setRecvBufferSize(4 << 20);
  socket.setSendBufferSize(4 << 20);
});
setInterval(turn, 5);
