/**
 * Payloads of the two handshake messages. Big-endian. Whatever follows the fields is padding of random length, so
 * that a first flight has no constant size.
 *
 * Client: `version u8 | clock u48 (ms, Unix) | features u32 | stream window u32 | receive buffer u32 | padding`
 * Server: `version u8 | session id 8 bytes | features u32 | stream window u32 | receive buffer u32 | kept u32 (ms) |
 * padding`
 */
export const PROTOCOL_VERSION = 1;
/** Handshake prologue: binds both sides to this protocol. */
export const PROLOGUE = Buffer.from('culvert/1');
export const SESSION_ID_BYTES = 8;
/** Longest padding, bytes. */
export const MAX_PADDING = 96;

const CLIENT_BYTES = 19;
const SERVER_BYTES = 25;

/**
 * Bits of `features`: what an end serves when the other opens it, and what else it takes. Unknown bits are ignored.
 * A client sets `tcp` and `early`, and believes a server's `early` only beside `udp`, as servers from before `udp`
 * send back what they got.
 */
export const FEATURE = {
  tcp: 1,
  /** Streams of the protocols `udp` and `udpMany`. */
  udp: 2,
  /** KCP, at the UDP port in the upper 16 bits. */
  kcp: 4,
  /** Records that may be delivered ahead of others (`wire/early.ts`), and KCP's second conversation for them. */
  early: 8,
} as const;

/** Whether the server takes early records, by its hello. */
export function serverTakesEarly(features: number): boolean {
  return (features & FEATURE.early) !== 0 && (features & FEATURE.udp) !== 0;
}

/** The server's bits that say that it takes KCP at this UDP port. */
export function kcpFeature(port: number): number {
  return ((port << 16) | FEATURE.kcp) >>> 0;
}

/** The UDP port at which the server takes KCP, by its hello. */
export function kcpPort(features: number): number | undefined {
  return features & FEATURE.kcp ? features >>> 16 : undefined;
}

export interface ClientHello {
  /** The client's wall clock, ms since the Unix epoch. */
  clock: number;
  features: number;
  /** Window each of the client's streams starts with, bytes. */
  windowBytes: number;
  /** Unacknowledged record bytes the client can hold. */
  receiveBytes: number;
}

export interface ServerHello {
  sessionId: Buffer;
  features: number;
  windowBytes: number;
  receiveBytes: number;
  /** How long the server keeps the session without a carrier, ms. */
  keptMs: number;
}

export function encodeClientHello(hello: ClientHello, padding: Buffer): Buffer {
  const out = Buffer.alloc(CLIENT_BYTES);
  out[0] = PROTOCOL_VERSION;
  out.writeUIntBE(hello.clock, 1, 6);
  out.writeUInt32BE(hello.features, 7);
  out.writeUInt32BE(hello.windowBytes, 11);
  out.writeUInt32BE(hello.receiveBytes, 15);
  return Buffer.concat([out, padding]);
}

export function decodeClientHello(payload: Buffer): ClientHello | undefined {
  if (payload.length < CLIENT_BYTES || payload[0] !== PROTOCOL_VERSION) return undefined;
  return {
    clock: payload.readUIntBE(1, 6),
    features: payload.readUInt32BE(7),
    windowBytes: payload.readUInt32BE(11),
    receiveBytes: payload.readUInt32BE(15),
  };
}

export function encodeServerHello(hello: ServerHello, padding: Buffer): Buffer {
  const out = Buffer.alloc(SERVER_BYTES);
  out[0] = PROTOCOL_VERSION;
  hello.sessionId.copy(out, 1);
  out.writeUInt32BE(hello.features, 9);
  out.writeUInt32BE(hello.windowBytes, 13);
  out.writeUInt32BE(hello.receiveBytes, 17);
  out.writeUInt32BE(hello.keptMs, 21);
  return Buffer.concat([out, padding]);
}

export function decodeServerHello(payload: Buffer): ServerHello | undefined {
  if (payload.length < SERVER_BYTES || payload[0] !== PROTOCOL_VERSION) return undefined;
  return {
    sessionId: Buffer.from(payload.subarray(1, 1 + SESSION_ID_BYTES)),
    features: payload.readUInt32BE(9),
    windowBytes: payload.readUInt32BE(13),
    receiveBytes: payload.readUInt32BE(17),
    keptMs: payload.readUInt32BE(21),
  };
}
