import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import {
  binaryHeader,
  closeFrame,
  pongFrame,
  WsFrameReader,
} from '../../../../src-main/engine/carrier/ws-frame.ts';
import { codeOf } from '../../../support/codes.ts';
import { cutRandomly, Seeded } from '../../../support/seeded.ts';
import { listening } from '../../../support/web-covers.ts';

interface Told {
  payload: Buffer;
  pings: string[];
  closes: number[];
}

function reader(expectMask: boolean): { told: Told; push: (bytes: Buffer) => void } {
  const told: Told = { payload: Buffer.alloc(0), pings: [], closes: [] };
  const chunks: Buffer[] = [];
  const frames = new WsFrameReader(
    {
      onPayload: (chunk) => {
        chunks.push(Buffer.from(chunk));
        told.payload = Buffer.concat(chunks);
      },
      onPing: (payload) => told.pings.push(payload.toString()),
      onCloseFrame: (code) => told.closes.push(code),
    },
    expectMask,
  );
  return { told, push: (bytes) => frames.push(bytes) };
}

/** One frame by the book (RFC 6455 §5.2), independent of the code under test. */
function frame(
  first: number,
  payload: Buffer,
  mask?: Buffer,
  sizing: 7 | 16 | 64 = payload.length < 126 ? 7 : payload.length < 65_536 ? 16 : 64,
): Buffer {
  const bit = mask === undefined ? 0 : 0x80;
  const head = Buffer.alloc(sizing === 7 ? 2 : sizing === 16 ? 4 : 10);
  head[0] = first;
  head[1] = bit | (sizing === 7 ? payload.length : sizing === 16 ? 126 : 127);
  if (sizing === 16) head.writeUInt16BE(payload.length, 2);
  if (sizing === 64) head.writeBigUInt64BE(BigInt(payload.length), 2);
  const body = Buffer.from(payload);
  if (mask !== undefined) for (let i = 0; i < body.length; i++) body[i] ^= mask[i % 4];
  return Buffer.concat([head, mask ?? Buffer.alloc(0), body]);
}

const MASK = Buffer.from('a1b2c3d4', 'hex');

describe('headers on the wire', () => {
  it.each<[number, boolean, string]>([
    [0, false, '8200'],
    [125, false, '827d'],
    [126, false, '827e007e'],
    [65_535, false, '827effff'],
    [65_536, false, '827f0000000000010000'],
    [5, true, '828500000000'],
    [300, true, '82fe012c00000000'],
    [2 ** 32 + 1, true, '82ff000000010000000100000000'],
  ])('a binary message of %d bytes, masked %s', (length, masked, hex) => {
    expect(binaryHeader(length, masked).toString('hex')).toBe(hex);
  });

  it('close and pong', () => {
    expect(closeFrame(1000, false).toString('hex')).toBe('880203e8');
    expect(closeFrame(1000, true).toString('hex')).toBe('88820000000003e8');
    expect(pongFrame(Buffer.from('hi'), false).toString('hex')).toBe('8a026869');
    expect(pongFrame(Buffer.from('hi'), true).toString('hex')).toBe('8a82000000006869');
  });
});

describe('WsFrameReader', () => {
  const flow = Buffer.concat([
    frame(0x82, Buffer.from('one'), MASK),
    frame(0x89, Buffer.from('ping!'), MASK),
    frame(0x02, Buffer.from('two, '), MASK),
    frame(0x00, Buffer.alloc(0), MASK),
    frame(0x89, Buffer.alloc(0), MASK),
    frame(0x8a, Buffer.from('unasked'), MASK),
    frame(0x00, Buffer.alloc(130, 0x78), Buffer.alloc(4)),
    frame(0x80, Buffer.from('end'), MASK),
    frame(0x82, Buffer.alloc(0), MASK),
    frame(0x88, Buffer.from('03e9676f', 'hex'), MASK),
  ]);
  const expected = { payload: `onetwo, ${'x'.repeat(130)}end`, pings: ['ping!', ''], closes: [1001] };
  const flat = ({ payload, pings, closes }: Told) => ({ payload: payload.toString(), pings, closes });

  it('reads fragments, masks, pings within messages, and closes, wherever the flow is cut in two', () => {
    for (let at = 0; at <= flow.length; at++) {
      const { told, push } = reader(true);
      push(flow.subarray(0, at));
      push(flow.subarray(at));
      expect(flat(told)).toEqual(expected);
    }
  });

  it('byte by byte, and at random', () => {
    const random = new Seeded(1);
    for (let run = 0; run < 100; run++) {
      const { told, push } = reader(true);
      for (const piece of cutRandomly(flow, random, run === 0 ? 1 : 40)) push(piece);
      expect(flat(told)).toEqual(expected);
    }
  });

  it('does not alter the bytes it is given, which are the reader’s only for the call', () => {
    const { push } = reader(true);
    const mine = Buffer.from(flow);
    push(mine);
    expect(mine.equals(flow)).toBe(true);
  });

  it.each([true, false])(
    'reads long messages in one piece each, as much at a time as it says (masked: %s)',
    (masked) => {
      const mask = masked ? Buffer.alloc(4) : undefined;
      const payloads = [300_000, 65_536, 5, 70_000, 200, 300_000, 65_535].map((length) =>
        Buffer.alloc(length, length),
      );
      const flow = Buffer.concat(payloads.map((payload) => frame(0x82, payload, mask)));
      const pieces: Buffer[] = [];
      const frames = new WsFrameReader(
        { onPayload: (chunk) => pieces.push(chunk), onPing: () => {}, onCloseFrame: () => {} },
        masked,
      );
      // The first read has only a header, as if the rest came late.
      let most = 14;
      for (let at = 0; at < flow.length; ) {
        expect(most).toBeGreaterThan(0);
        expect(most).toBeLessThanOrEqual(400_000);
        frames.push(flow.subarray(at, at + most));
        at += most;
        most = frames.nextRead(400_000);
      }
      expect(Buffer.concat(pieces).equals(Buffer.concat(payloads))).toBe(true);
      for (const length of [300_000, 65_536, 70_000]) {
        expect(pieces.filter((piece) => piece.length >= length - 4).length).toBeGreaterThan(0);
      }
      expect(pieces.length).toBeLessThanOrEqual(payloads.length + 2);
      expect(frames.nextRead(1000)).toBe(1000);
    },
  );

  it('a zero mask and no mask are passed on without a copy', () => {
    const payload = Buffer.from('same memory');
    for (const [mask, expectMask] of [
      [undefined, false],
      [Buffer.alloc(4), true],
    ] as const) {
      const bytes = frame(0x82, payload, mask);
      let seen: Buffer | undefined;
      const frames = new WsFrameReader(
        { onPayload: (chunk) => (seen = chunk), onPing: () => {}, onCloseFrame: () => {} },
        expectMask,
      );
      frames.push(bytes);
      expect(seen?.buffer).toBe(bytes.buffer);
      expect(seen?.toString()).toBe('same memory');
    }
  });

  it('a close without a status is 1005', () => {
    const { told, push } = reader(false);
    push(frame(0x88, Buffer.alloc(0)));
    expect(told.closes).toEqual([1005]);
  });

  it('reads lengths that are spelled longer than needed', () => {
    const { told, push } = reader(false);
    push(
      Buffer.concat([
        frame(0x82, Buffer.from('a'), undefined, 16),
        frame(0x82, Buffer.from('b'), undefined, 64),
      ]),
    );
    expect(told.payload.toString()).toBe('ab');
  });

  it.each<[string, boolean, Buffer]>([
    ['an unmasked frame from a client', true, frame(0x82, Buffer.from('x'))],
    ['a masked frame from a server', false, frame(0x82, Buffer.from('x'), MASK)],
    ['reserved bit 1', false, frame(0xc2, Buffer.from('x'))],
    ['reserved bit 2', false, frame(0xa2, Buffer.from('x'))],
    ['reserved bit 3', false, frame(0x92, Buffer.from('x'))],
    ['text', false, frame(0x81, Buffer.from('x'))],
    ['an unknown data opcode', false, frame(0x83, Buffer.from('x'))],
    ['an unknown control opcode', false, frame(0x8b, Buffer.from('x'))],
    ['a fragmented ping', false, frame(0x09, Buffer.from('x'))],
    ['a ping of 126 bytes', false, frame(0x89, Buffer.alloc(126))],
    ['a continuation of nothing', false, frame(0x80, Buffer.from('x'))],
    [
      'a new message inside another',
      false,
      Buffer.concat([frame(0x02, Buffer.from('x')), frame(0x82, Buffer.from('y'))]),
    ],
    ['a length beyond reason', false, Buffer.from('827f8000000000000000', 'hex')],
  ])('%s is refused', (_name, expectMask, bytes) => {
    expect(codeOf(() => reader(expectMask).push(bytes))).toBe('ERR_CARRIER_LOST');
    const slow = reader(expectMask);
    expect(
      codeOf(() => {
        for (const byte of bytes) slow.push(Buffer.from([byte]));
      }),
    ).toBe('ERR_CARRIER_LOST');
  });

  it('random bytes are frames or refused, and nothing else', () => {
    const codes = new Set<string | undefined>();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (bytes, expectMask) => {
        codes.add(codeOf(() => reader(expectMask).push(Buffer.from(bytes))));
      }),
      { seed: 1, numRuns: 2000 },
    );
    expect(codes).toEqual(new Set([undefined, 'ERR_CARRIER_LOST']));
  });
});

/** The framing of `ws`, on a stream of ours: what it sends we see, what we send it reads. */
class OnStream extends WebSocket {
  static over(stream: Duplex, isServer: boolean): OnStream {
    const socket = new OnStream(null as unknown as string, undefined, {});
    const raw = socket as unknown as {
      _isServer: boolean;
      setSocket(stream: Duplex, head: Buffer, options: object): void;
    };
    raw._isServer = isServer;
    raw.setSocket(stream, Buffer.alloc(0), { maxPayload: 1 << 24, skipUTF8Validation: false });
    return socket;
  }
}

const closers: Array<() => void> = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Both ends of a loopback connection: `ws` speaks on the one. */
async function besideWs(isServer: boolean): Promise<{ ws: OnStream; raw: Socket }> {
  const server = createServer();
  const port = await listening(server);
  const raw = connect(port, '127.0.0.1');
  const [taken] = (await once(server, 'connection')) as [Socket];
  closers.push(() => {
    raw.destroy();
    taken.destroy();
    server.close();
  });
  raw.on('error', () => {});
  return { ws: OnStream.over(taken, isServer), raw };
}

describe.each([
  ['client', true],
  ['server', false],
] as const)('beside ws as the %s', (_name, wsIsClient) => {
  it('what ws sends is read: every size, fragments, pings, close', async () => {
    const { ws, raw } = await besideWs(!wsIsClient);
    const { told, push } = reader(wsIsClient);
    raw.on('data', push);
    const random = new Seeded(9);
    const sent: Buffer[] = [];
    for (const size of [0, 1, 125, 126, 127, 65_535, 65_536, 200_000]) {
      const payload = random.bytes(size);
      sent.push(payload);
      ws.send(payload);
    }
    for (const part of cutRandomly(random.bytes(5000), random, 900)) {
      sent.push(part);
      ws.send(part, { fin: false });
    }
    ws.ping('in between');
    ws.send(Buffer.from('.'), { fin: true });
    sent.push(Buffer.from('.'));
    ws.close(4321, 'done');
    const all = Buffer.concat(sent);
    await expect.poll(() => told.closes, { timeout: 5000 }).toEqual([4321]);
    expect(told.pings).toEqual(['in between']);
    expect(told.payload.equals(all)).toBe(true);
  });

  it('ws reads what we send: every size, pong, close', async () => {
    const { ws, raw } = await besideWs(!wsIsClient);
    const got: Buffer[] = [];
    const pongs: string[] = [];
    ws.on('message', (data) => got.push(data as Buffer));
    ws.on('pong', (data) => pongs.push(data.toString()));
    const failed: Error[] = [];
    ws.on('error', (error) => failed.push(error));
    const closed = once(ws, 'close');
    const masked = !wsIsClient;
    const random = new Seeded(10);
    const payloads = [0, 1, 125, 126, 127, 65_535, 65_536, 300_000].map((size) => random.bytes(size));
    for (const payload of payloads) {
      raw.write(binaryHeader(payload.length, masked));
      raw.write(payload);
      raw.write(pongFrame(Buffer.from(`${payload.length}`), masked));
    }
    raw.write(closeFrame(1000, masked));
    raw.resume();
    raw.on('end', () => raw.end());
    const [code] = await closed;
    expect(failed).toEqual([]);
    expect(code).toBe(1000);
    expect(got.map((data) => data.length)).toEqual(payloads.map((data) => data.length));
    expect(got.every((data, i) => data.equals(payloads[i]))).toBe(true);
    expect(pongs).toEqual(payloads.map((data) => `${data.length}`));
  });
});
