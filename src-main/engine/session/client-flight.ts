import type { Clock, RandomBytes } from '../base/clock.ts';
import type { UserKey } from '../crypto/keys.ts';
import { NoiseInitiator } from '../crypto/noise.ts';
import { BLOCK_BYTES, BlockCipher } from '../crypto/primitives.ts';
import {
  decodeServerHello,
  encodeClientHello,
  FEATURE,
  MAX_PADDING,
  PROLOGUE,
  type ServerHello,
} from '../wire/hello.ts';

export interface ClientFlightOptions {
  key: UserKey;
  clock: Clock;
  random: RandomBytes;
  /** Correction of the local clock, ms, learnt from the server's `Date`. */
  clockOffsetMs: number;
  windowBytes: number;
  receiveBytes: number;
}

export interface SessionGrant {
  hello: ServerHello;
  sendSecret: Buffer;
  receiveSecret: Buffer;
}

/** Random bytes, 0 to `MAX_PADDING` of them. */
export function randomPadding(random: RandomBytes): Buffer {
  return random(random(1)[0] % (MAX_PADDING + 1));
}

/** The client's half of the handshake, once per new session. */
export class ClientFlight {
  /** What the first request carries. */
  readonly first: Buffer;
  private readonly noise: NoiseInitiator;

  constructor(options: ClientFlightOptions) {
    this.noise = new NoiseInitiator({ psk: options.key.psk, prologue: PROLOGUE });
    const hello = {
      clock: Math.round(options.clock.wall() + options.clockOffsetMs),
      features: FEATURE.tcp | FEATURE.early,
      windowBytes: options.windowBytes,
      receiveBytes: options.receiveBytes,
    };
    this.first = this.noise.writeMessage1(encodeClientHello(hello, randomPadding(options.random)));
  }

  /** Undefined: the answer was not made by one who has the key. */
  finish(reply: Buffer): SessionGrant | undefined {
    const read = this.noise.readMessage2(reply);
    if (!('payload' in read)) return undefined;
    const hello = decodeServerHello(read.payload);
    if (hello === undefined) return undefined;
    const keys = this.noise.split();
    return { hello, sendSecret: keys.send, receiveSecret: keys.receive };
  }
}

/**
 * Makes AES blocks `session id 8 | random 8` under a key only this user's ends have. Each is unique, so that the
 * flights they lead cannot be linked.
 */
export function flightBlocks(key: UserKey, sessionId: Buffer, random: RandomBytes): () => Buffer {
  const cipher = new BlockCipher(key.attachKey);
  return () => cipher.encrypt(Buffer.concat([sessionId, random(BLOCK_BYTES - sessionId.length)]));
}

/**
 * First flight of a further carrier: a block, then a sealed ATTACH, whose control record's number makes it usable
 * once.
 */
export function attachFlight(
  key: UserKey,
  sessionId: Buffer,
  sealedAttach: Buffer,
  random: RandomBytes,
): Buffer {
  return Buffer.concat([flightBlocks(key, sessionId, random)(), sealedAttach]);
}
