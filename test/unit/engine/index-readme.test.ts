import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { flightCookie } from '../../../src-main/engine/carrier/flight-cookie.ts';
import { binaryHeader } from '../../../src-main/engine/carrier/ws-frame.ts';
import { parseKey, type UserKey } from '../../../src-main/engine/crypto/keys.ts';
import { NoiseInitiator, NoiseResponder } from '../../../src-main/engine/crypto/noise.ts';
import { BlockCipher, keyPairFromPrivate } from '../../../src-main/engine/crypto/primitives.ts';
import { RECORD_KIND } from '../../../src-main/engine/crypto/record.ts';
import { RecordSealer } from '../../../src-main/engine/crypto/record-sealer.ts';
import { OPEN_FAILURES } from '../../../src-main/engine/mux/types.ts';
import { encodeControl } from '../../../src-main/engine/wire/control.ts';
import { encodeDatagram, encodeDatagramFailure } from '../../../src-main/engine/wire/datagram.ts';
import { earlyFrame } from '../../../src-main/engine/wire/early.ts';
import {
  byteFrame,
  creditFrame,
  FRAME,
  LAZY_OPENED,
  openFailedFrame,
  openFrame,
  STREAM_PROTOCOL,
  smallFrame,
} from '../../../src-main/engine/wire/frame.ts';
import {
  encodeClientHello,
  encodeServerHello,
  FEATURE,
  PROLOGUE,
} from '../../../src-main/engine/wire/hello.ts';
import { root } from '../../support/sources.ts';

const readme = readFileSync(join(root, 'src-main/engine/README.md'), 'utf8');
/** Long values are broken over lines. */
const joined = readme.replace(/\s+/g, '');

const run = (from: number, length: number): Buffer => Buffer.from(Array.from({ length }, (_, i) => from + i));
const hex = (bytes: Buffer): string => bytes.toString('hex');
const none = Buffer.alloc(0);
const sessionId = Buffer.from('c0ffee00c0ffee01', 'hex');
const shared = { windowBytes: 262_144, receiveBytes: 8_388_608 };
const clientHello = encodeClientHello(
  { ...shared, features: FEATURE.tcp | FEATURE.early, clock: Date.UTC(2026, 0, 1) },
  none,
);
const serverHello = encodeServerHello(
  { ...shared, features: FEATURE.tcp | FEATURE.udp | FEATURE.early, sessionId, keptMs: 600_000 },
  none,
);
const all = { next: 5, ranges: [] };

describe("the README's examples are what the code makes", () => {
  let key: UserKey;
  let secret: Buffer;
  beforeAll(async () => {
    key = await parseKey(`cv1_${run(0, 32).toString('base64url')}`);
  });

  /** The value, or the line that holds it, must be there. */
  const shows = (text: string): void => expect(joined).toContain(text.replace(/\s+/g, ''));

  it('keys', async () => {
    shows(`key cv1_${run(0, 32).toString('base64url')}`);
    shows(`psk ${hex(key.psk)}`);
    shows(`attach key ${hex(key.attachKey.export())}`);
    shows(`id ${key.id}`);
    shows(`passphrase password psk ${hex((await parseKey('password')).psk)}`);
  });

  it('the handshake and its carriage', () => {
    const from = (first: number) => () => keyPairFromPrivate(run(first, 32));
    const initiator = new NoiseInitiator({ psk: key.psk, prologue: PROLOGUE, ephemeral: from(0x40) });
    const responder = new NoiseResponder({ psk: key.psk, prologue: PROLOGUE, ephemeral: from(0x80) });
    const one = initiator.writeMessage1(clientHello);
    expect(responder.readMessage1(one)).toEqual({ payload: clientHello });
    const written = responder.writeMessage2(serverHello);
    const two = 'message' in written ? written.message : none;
    initiator.readMessage2(two);
    shows(`client hello ${hex(clientHello)}`);
    shows(`message 1 ${hex(one)}`);
    shows(`server hello ${hex(serverHello)}`);
    shows(`message 2 ${hex(two)}`);
    shows(`Cookie: ${flightCookie(one)}`);
    shows(`Set-Cookie: ${flightCookie(two)}; Path=/; HttpOnly`);
    const keys = initiator.split();
    shows(`client to server ${hex(keys.send)}`);
    shows(`server to client ${hex(keys.receive)}`);
    secret = keys.send;
  });

  it('records', () => {
    const sealer = new RecordSealer(secret);
    const plain = Buffer.concat([
      openFrame(1, 0, 'example.org', 443),
      smallFrame(FRAME.data, 1, Buffer.from('hi')),
    ]);
    const record = sealer.seal(RECORD_KIND.reliable, 0, [plain], plain.length);
    shows(`plaintext ${hex(plain)}`);
    shows(`record ${hex(Buffer.concat(record.parts))}`);
    shows(`\`${hex(binaryHeader(record.bytes, true))}\``);
    shows(`\`${hex(binaryHeader(record.bytes, false))}\``);
    const ack = encodeControl({ type: 'ack', ack: all });
    const control = sealer.seal(RECORD_KIND.control, 0, [ack], ack.length);
    shows(`an ACK of all below 5 ${hex(Buffer.concat(control.parts))}`);
  });

  it('early records', () => {
    const plain = Buffer.concat([earlyFrame(7, [4, 6]), smallFrame(FRAME.data, 1, Buffer.from('hi'))]);
    const record = new RecordSealer(secret).seal(RECORD_KIND.reliable, 7, [plain], plain.length);
    shows(`record 7, after 4 and 6 ${hex(plain)}`);
    shows(`sealed ${hex(Buffer.concat(record.parts))}`);
  });

  it('control records and the attach block', () => {
    const ranges = [
      [7, 9],
      [12, 13],
    ] as const;
    shows(`and of 12 ${hex(encodeControl({ type: 'ack', ack: { next: 5, ranges } }))}`);
    shows(`deadbeef ${hex(encodeControl({ type: 'ping', token: 0xdeadbeef, ack: all }))}`);
    shows(`replacing, all below 5 ${hex(encodeControl({ type: 'attach', mode: 'replace', ack: all }))}`);
    shows(`CLOSE ${hex(encodeControl({ type: 'close' }))}`);
    const block = Buffer.concat([sessionId, run(0xa0, 8)]);
    shows(`block ${hex(block)}`);
    shows(`sealed ${hex(new BlockCipher(key.attachKey).encrypt(block))}`);
  });

  it('datagrams', () => {
    const hi = Buffer.from('hi');
    const name = { host: 'example.org', port: 53 };
    shows(`"hi" to or from the target ${hex(encodeDatagram(hi))}`);
    const many = openFrame(3, STREAM_PROTOCOL.udpMany | LAZY_OPENED, '', 0);
    shows(`many targets, number 3 ${hex(many)}`);
    shows(`"hi" to 192.0.2.1:53 ${hex(encodeDatagram(hi, { host: '192.0.2.1', port: 53 }))}`);
    shows(`"hi" to example.org:53 ${hex(encodeDatagram(hi, name))}`);
    shows(`"hi" from [2001:db8::1]:53 ${hex(encodeDatagram(hi, { host: '2001:db8::1', port: 53 }))}`);
    shows(`nobody listens at the target ${hex(encodeDatagramFailure(OPEN_FAILURES.refused))}`);
    shows(`example.org was not found ${hex(encodeDatagramFailure(OPEN_FAILURES.nameNotFound, name))}`);
  });

  it.each([
    ['OPEN', openFrame(1, 0, 'example.org', 443)],
    ['OPENED', smallFrame(FRAME.opened, 1)],
    ['OPEN_FAILED', openFailedFrame(1, 2, 'refused')],
    ['DATA', smallFrame(FRAME.data, 1, Buffer.from('hi'))],
    ['CREDIT', creditFrame(1, 131_072)],
    ['FIN', smallFrame(FRAME.fin, 1)],
    ['RESET', byteFrame(FRAME.reset, 1, 1)],
    ['GOAWAY', smallFrame(FRAME.goaway, 0)],
    ['EARLY', earlyFrame(7, [4, 6])],
  ])('%s', (name, frame) => {
    const row = readme.split('\n').find((line) => line.includes(` ${name} |`));
    expect(row).toContain(`\`${hex(frame)}\``);
  });
});
