import type { Clock, RandomBytes } from '../base/clock.ts';
import type { UserKey } from '../crypto/keys.ts';
import { NoiseInitiator } from '../crypto/noise.ts';
import { BlockCipher } from '../crypto/primitives.ts';
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
      features: FEATURE.tcp,
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
 * First flight of a further carrier: an AES block `session id 8 | random 8` under a key only this user's ends have,
 * then a sealed ATTACH. The random half makes every block unique, so flights cannot be linked; the control
 * record's number makes each usable once.
 */
export function attachFlight(
  key: UserKey,
  sessionId: Buffer,
  sealedAttach: Buffer,
  random: RandomBytes,
): Buffer {
  const block = Buffer.concat([sessionId, random(16 - sessionId.length)]);
  return Buffer.concat([new BlockCipher(key.attachKey).encrypt(block), sealedAttach]);
}
