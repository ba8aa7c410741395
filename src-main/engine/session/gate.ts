import type { Clock, RandomBytes } from '../base/clock.ts';
import type { UserKey } from '../crypto/keys.ts';
import { NoiseResponder, NoiseStart } from '../crypto/noise.ts';
import { BLOCK_BYTES, BlockCipher } from '../crypto/primitives.ts';
import { ReplayCache } from '../crypto/replay-cache.ts';
import type { AckState, AttachMode } from '../wire/control.ts';
import {
  type ClientHello,
  decodeClientHello,
  encodeServerHello,
  FEATURE,
  PROLOGUE,
  SESSION_ID_BYTES,
} from '../wire/hello.ts';
import type { Poll } from '../wire/poll.ts';
import { randomPadding } from './client-flight.ts';
import type { SessionRegistry } from './registry.ts';
import type { Session } from './session.ts';

/** Shorter than any first flight: an X25519 key, the hello and a tag; or a block and the smallest ATTACH. */
const MIN_FLIGHT = 59;
export const MAX_FLIGHT = 1024;

export interface GateOptions {
  users: readonly UserKey[];
  registry: SessionRegistry;
  clock: Clock;
  random: RandomBytes;
  clockSkewMs: number;
  clockAheadMs: number;
  replayEntries: number;
  windowBytes: number;
  receiveBytes: number;
  keptMs: number;
  /** Further bits of the server's hello, as they are at the moment. */
  features?: () => number;
}

export type Admission =
  | {
      kind: 'new';
      user: UserKey;
      sessionId: Buffer;
      hello: ClientHello;
      /** Handshake message 2. */
      reply: Buffer;
      sendSecret: Buffer;
      receiveSecret: Buffer;
    }
  | {
      kind: 'attach';
      user: UserKey;
      session: Session;
      attach: { mode: AttachMode; ack: AckState; seq: number };
    }
  /** A request of an HTTP carrier of the session. */
  | { kind: 'poll'; user: UserKey; session: Session; poll: Poll };

/** One user's key, ready to be tried: what does not depend on the flight is computed once. */
interface Door {
  user: UserKey;
  start: NoiseStart;
  block: BlockCipher;
  replays: ReplayCache;
}

/**
 * Decides whether bytes are a valid first flight (I1). A refusal is undefined, whatever its reason, and says nothing
 * to the peer: the caller hands the request to the cover site.
 */
export class Gate {
  private readonly options: GateOptions;
  private readonly doors: Door[];
  /** A flight older than this gate is refused: the memory of what was seen before is gone (I1 after a restart). */
  private readonly openedAt: number;

  constructor(options: GateOptions) {
    this.options = options;
    this.openedAt = options.clock.wall();
    this.doors = options.users.map((user) => ({
      user,
      start: new NoiseStart({ psk: user.psk, prologue: PROLOGUE }),
      block: new BlockCipher(user.attachKey),
      replays: new ReplayCache({
        clock: options.clock,
        lifetimeMs: 2 * options.clockSkewMs,
        capacity: options.replayEntries,
      }),
    }));
  }

  admit(flight: Buffer): Admission | undefined {
    if (flight.length < MIN_FLIGHT || flight.length > MAX_FLIGHT) return undefined;
    for (const door of this.doors) {
      const admission = this.tryAttach(door, flight) ?? this.tryNew(door, flight);
      if (admission !== undefined) return admission;
    }
    return undefined;
  }

  private tryAttach(door: Door, flight: Buffer): Admission | undefined {
    const block = door.block.decrypt(flight.subarray(0, BLOCK_BYTES));
    const found = this.options.registry.get(block.subarray(0, SESSION_ID_BYTES));
    if (found === undefined || found.user !== door.user) return undefined;
    const control = found.session.openFlight(flight.subarray(BLOCK_BYTES));
    if (control === undefined) return undefined;
    // One that has ended waits only to be asked, so that it can say so.
    if (control.type === 'attach' && found.session.isEnded) return undefined;
    const known = { user: door.user, session: found.session };
    return control.type === 'attach'
      ? { kind: 'attach', ...known, attach: control }
      : { kind: 'poll', ...known, poll: control };
  }

  private tryNew(door: Door, flight: Buffer): Admission | undefined {
    const noise = new NoiseResponder({ start: door.start });
    const read = noise.readMessage1(flight);
    if (!('payload' in read)) return undefined;
    const hello = decodeClientHello(read.payload);
    const { clock, clockSkewMs, clockAheadMs, random } = this.options;
    if (hello === undefined) return undefined;
    const ahead = hello.clock - clock.wall();
    if (ahead > clockAheadMs || ahead < -clockSkewMs) return undefined;
    if (hello.clock < this.openedAt) return undefined;
    if (!door.replays.accept(noise.peerEphemeral)) return undefined;
    const sessionId = random(SESSION_ID_BYTES);
    const answer = noise.writeMessage2(
      encodeServerHello(
        {
          sessionId,
          features: (FEATURE.tcp | FEATURE.udp | FEATURE.early | (this.options.features?.() ?? 0)) >>> 0,
          windowBytes: this.options.windowBytes,
          receiveBytes: this.options.receiveBytes,
          keptMs: this.options.keptMs,
        },
        randomPadding(random),
      ),
    );
    if (!('message' in answer)) return undefined;
    const keys = noise.split();
    return {
      kind: 'new',
      user: door.user,
      sessionId,
      hello,
      reply: answer.message,
      sendSecret: keys.send,
      receiveSecret: keys.receive,
    };
  }
}
