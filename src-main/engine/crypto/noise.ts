import { CulvertError } from '../base/errors.ts';
import { NOISE_PROTOCOL, SymmetricState } from './noise-state.ts';
import {
  type DiffieHellman,
  KEY_BYTES,
  type KeyPair,
  type KeyPairSource,
  newEphemeral,
  TAG_BYTES,
  x25519,
} from './primitives.ts';

/*
 * Noise_NNpsk0_25519_AESGCM_SHA256, from "The Noise Protocol Framework", revision 34. Names are the spec's.
 *
 *     initiator                         responder
 *       -> psk, e   [payload 1]           everything up to the tag is hashing: no Diffie-Hellman
 *       <- e, ee    [payload 2]           the responder makes its ephemeral here, not before
 *
 * A message is 32 ephemeral bytes, the encrypted payload and its 16-byte tag. Payload 1 is secret and
 * authentic under the psk alone: it can be replayed, and whoever learns the psk later can read it. From
 * payload 2 on there is forward secrecy.
 */

/** Longest Noise message (§3). */
export const NOISE_MAX_MESSAGE = 65_535;
/** What a handshake message is longer than its payload. */
export const NOISE_OVERHEAD = KEY_BYTES + TAG_BYTES;

/**
 * The state both sides share before the first message: protocol name, prologue and the leading `psk` token.
 * It depends on nothing else, so a server computes it once per user key and a try costs only what follows it.
 */
export class NoiseStart {
  private readonly state = new SymmetricState(NOISE_PROTOCOL);

  constructor(inputs: { readonly psk: Buffer; readonly prologue: Buffer }) {
    if (inputs.psk.length !== KEY_BYTES) {
      throw new CulvertError('ERR_INTERNAL', `a psk must be ${KEY_BYTES} bytes, not ${inputs.psk.length}`);
    }
    this.state.mixHash(inputs.prologue);
    this.state.mixKeyAndHash(inputs.psk);
  }

  fork(): SymmetricState {
    return this.state.fork();
  }
}

export type NoiseOptions = (
  | { readonly psk: Buffer; readonly prologue: Buffer }
  | { readonly start: NoiseStart }
) & {
  /** Makes this side's ephemeral, at the moment it is needed. Default: `newEphemeral`. */
  readonly ephemeral?: KeyPairSource;
  /** Default: `x25519`. */
  readonly dh?: DiffieHellman;
};

/** Why a message was refused. After any of them the handshake is over. */
export type NoiseFailure = 'too-short' | 'too-long' | 'bad-tag' | 'bad-public-key';
export type NoiseRead = { readonly payload: Buffer } | { readonly error: NoiseFailure };
export type NoiseWrite = { readonly message: Buffer } | { readonly error: NoiseFailure };

/** Transport keys, 32 bytes each, from the view of the side that holds them. */
export interface NoiseKeys {
  readonly send: Buffer;
  readonly receive: Buffer;
}

type Phase = 'message1' | 'message2' | 'done' | 'split' | 'failed';

/** §5.3, what the two sides have in common. Calls out of order throw ERR_INTERNAL. */
abstract class HandshakeState {
  protected readonly symmetric: SymmetricState;
  protected readonly newPair: KeyPairSource;
  protected readonly dh: DiffieHellman;
  private phase: Phase = 'message1';

  constructor(options: NoiseOptions) {
    this.symmetric = ('start' in options ? options.start : new NoiseStart(options)).fork();
    this.newPair = options.ephemeral ?? newEphemeral;
    this.dh = options.dh ?? x25519;
  }

  /** The hash of the whole handshake, equal on both sides (§11.2, channel binding). Only once it is done. */
  get handshakeHash(): Buffer {
    if (this.phase !== 'split') this.expect('done');
    return this.symmetric.handshakeHash;
  }

  /** Once: two users of one key would repeat its nonces. */
  protected splitKeys(): [Buffer, Buffer] {
    this.expect('done');
    this.phase = 'split';
    return this.symmetric.split();
  }

  /** Enters a step. Until `advance`, the state counts as failed, so that no early return can be forgotten. */
  protected begin(phase: Phase): void {
    this.expect(phase);
    this.phase = 'failed';
  }

  protected advance(phase: Phase): void {
    this.phase = phase;
  }

  /** Token `e`: in a psk handshake the public key is also mixed into the key (§9.2). */
  protected mixEphemeral(publicKey: Buffer): void {
    this.symmetric.mixHash(publicKey);
    this.symmetric.mixKey(publicKey);
  }

  /** Token `ee`. False when the peer's public key is unusable. */
  protected mixShared(own: KeyPair, peer: Buffer): boolean {
    const secret = this.dh(own.privateKey, peer);
    if (secret === undefined) return false;
    this.symmetric.mixKey(secret);
    return true;
  }

  protected writePayload(publicKey: Buffer, payload: Buffer): Buffer {
    if (payload.length > NOISE_MAX_MESSAGE - NOISE_OVERHEAD) {
      throw new CulvertError('ERR_INTERNAL', `a Noise payload of ${payload.length} bytes is too long`);
    }
    return Buffer.concat([publicKey, this.symmetric.encryptAndHash(payload)]);
  }

  protected readPayload(message: Buffer): NoiseRead {
    const payload = this.symmetric.decryptAndHash(message.subarray(KEY_BYTES));
    return payload === undefined ? { error: 'bad-tag' } : { payload };
  }

  private expect(phase: Phase): void {
    if (this.phase === phase) return;
    throw new CulvertError('ERR_INTERNAL', `Noise handshake step ${phase} while ${this.phase}`);
  }
}

function lengthFailure(message: Buffer): NoiseFailure | undefined {
  if (message.length < NOISE_OVERHEAD) return 'too-short';
  return message.length > NOISE_MAX_MESSAGE ? 'too-long' : undefined;
}

/** A copy of the ephemeral bytes: the message may lie in a buffer that is used again. */
function ephemeralOf(message: Buffer): Buffer {
  return Buffer.from(message.subarray(0, KEY_BYTES));
}

/** The client's side: `writeMessage1`, `readMessage2`, `split`, each once. */
export class NoiseInitiator extends HandshakeState {
  private own: KeyPair | undefined;

  /** Throws ERR_INTERNAL on a payload above 65,487 bytes. */
  writeMessage1(payload: Buffer): Buffer {
    this.begin('message1');
    this.own = this.newPair();
    this.mixEphemeral(this.own.publicKey);
    const message = this.writePayload(this.own.publicKey, payload);
    this.advance('message2');
    return message;
  }

  readMessage2(message: Buffer): NoiseRead {
    this.begin('message2');
    const error = lengthFailure(message);
    if (error !== undefined) return { error };
    const peer = ephemeralOf(message);
    this.mixEphemeral(peer);
    if (this.own === undefined || !this.mixShared(this.own, peer)) return { error: 'bad-public-key' };
    const result = this.readPayload(message);
    if ('payload' in result) this.advance('done');
    return result;
  }

  split(): NoiseKeys {
    const [send, receive] = this.splitKeys();
    return { send, receive };
  }
}

/** The server's side: `readMessage1`, `writeMessage2`, `split`, each once. */
export class NoiseResponder extends HandshakeState {
  private peer: Buffer = Buffer.alloc(0);

  /** Verifies the first message by hashing and one GCM open; makes no key and does no Diffie-Hellman. */
  readMessage1(message: Buffer): NoiseRead {
    this.begin('message1');
    const error = lengthFailure(message);
    if (error !== undefined) return { error };
    this.peer = ephemeralOf(message);
    this.mixEphemeral(this.peer);
    const result = this.readPayload(message);
    if ('payload' in result) this.advance('message2');
    return result;
  }

  /** The initiator's 32 ephemeral bytes: what a replay cache remembers. Empty before `readMessage1`. */
  get peerEphemeral(): Buffer {
    return this.peer;
  }

  /**
   * `bad-public-key` when the initiator, who knows the psk, sent a point of small order. Throws ERR_INTERNAL
   * on a payload above 65,487 bytes.
   */
  writeMessage2(payload: Buffer): NoiseWrite {
    this.begin('message2');
    const own = this.newPair();
    this.mixEphemeral(own.publicKey);
    if (!this.mixShared(own, this.peer)) return { error: 'bad-public-key' };
    const message = this.writePayload(own.publicKey, payload);
    this.advance('done');
    return { message };
  }

  split(): NoiseKeys {
    const [receive, send] = this.splitKeys();
    return { send, receive };
  }
}
