import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  NOISE_MAX_MESSAGE,
  NOISE_OVERHEAD,
  NoiseInitiator,
  NoiseResponder,
  NoiseStart,
} from '../../../../src-main/engine/crypto/noise.ts';
import { CipherState, NOISE_PROTOCOL } from '../../../../src-main/engine/crypto/noise-state.ts';
import {
  type DiffieHellman,
  type KeyPairSource,
  keyPairFromPrivate,
  newEphemeral,
  x25519,
} from '../../../../src-main/engine/crypto/primitives.ts';
import published from './vectors/noise-nnpsk0.json' with { type: 'json' };

interface Vector {
  source: string;
  prologue: string;
  psk: string;
  initiatorEphemeral: string;
  responderEphemeral: string;
  handshakeHash?: string;
  messages: { payload: string; ciphertext: string }[];
}

const hex = (text: string) => Buffer.from(text, 'hex');
const vectors: Vector[] = published.vectors;
const psk = Buffer.alloc(32, 7);
const prologue = Buffer.from('culvert/1');
const start = new NoiseStart({ psk, prologue });
const internal = expect.objectContaining({ code: 'ERR_INTERNAL' });
const NOTHING = Buffer.alloc(0);

const fixed = (privateKey: string): KeyPairSource => {
  const pair = keyPairFromPrivate(hex(privateKey));
  return () => pair;
};

/** A message 1 with everything that led to it. */
function flight(payload = Buffer.from('hello')) {
  const initiator = new NoiseInitiator({ start });
  return { initiator, message: initiator.writeMessage1(payload) };
}

function reply(message: Buffer, payload: Buffer): { responder: NoiseResponder; message: Buffer } {
  const responder = new NoiseResponder({ start });
  expect(responder.readMessage1(message)).toHaveProperty('payload');
  const written = responder.writeMessage2(payload);
  if ('error' in written) throw new Error(written.error);
  return { responder, message: written.message };
}

describe('published vectors', () => {
  it('are of this protocol, from two implementations', () => {
    expect(published.protocol).toBe(NOISE_PROTOCOL);
    expect(vectors.map((v) => v.source)).toEqual(['cacophony', ...Array(4).fill('flynn-noise')]);
  });

  it.each(vectors.map((vector, i) => [`${vector.source} #${i}`, vector] as const))('%s', (_name, vector) => {
    const shared = { psk: hex(vector.psk), prologue: hex(vector.prologue) };
    const initiator = new NoiseInitiator({ ...shared, ephemeral: fixed(vector.initiatorEphemeral) });
    const responder = new NoiseResponder({ ...shared, ephemeral: fixed(vector.responderEphemeral) });
    const [first, second, ...transport] = vector.messages.map((m) => ({
      payload: hex(m.payload),
      ciphertext: hex(m.ciphertext),
    }));

    expect(initiator.writeMessage1(first.payload)).toEqual(first.ciphertext);
    expect(responder.readMessage1(first.ciphertext)).toEqual({ payload: first.payload });
    expect(responder.peerEphemeral).toEqual(first.ciphertext.subarray(0, 32));
    expect(responder.writeMessage2(second.payload)).toEqual({ message: second.ciphertext });
    expect(initiator.readMessage2(second.ciphertext)).toEqual({ payload: second.payload });

    expect(initiator.handshakeHash).toEqual(responder.handshakeHash);
    if (vector.handshakeHash !== undefined) {
      expect(initiator.handshakeHash).toEqual(hex(vector.handshakeHash));
    }

    const ours = initiator.split();
    const theirs = responder.split();
    expect(theirs).toEqual({ send: ours.receive, receive: ours.send });
    const ends = [
      [new CipherState(ours.send), new CipherState(theirs.receive)],
      [new CipherState(theirs.send), new CipherState(ours.receive)],
    ];
    expect(transport.length).toBeGreaterThanOrEqual(2);
    transport.forEach(({ payload, ciphertext }, i) => {
      const [sender, receiver] = ends[i % 2];
      expect(sender.encryptWithAd(NOTHING, payload)).toEqual(ciphertext);
      expect(receiver.decryptWithAd(NOTHING, ciphertext)).toEqual(payload);
    });
  });
});

describe('a whole handshake', () => {
  it('carries any payloads and gives both sides the same keys', () => {
    const bytes = fc.uint8Array({ maxLength: 4096 }).map((a) => Buffer.from(a));
    fc.assert(
      fc.property(bytes, bytes, (up, down) => {
        const one = flight(up);
        expect(one.message.length).toBe(up.length + NOISE_OVERHEAD);
        const responder = new NoiseResponder({ start });
        expect(responder.readMessage1(one.message)).toEqual({ payload: up });
        const two = responder.writeMessage2(down);
        if ('error' in two) throw new Error(two.error);
        expect(one.initiator.readMessage2(two.message)).toEqual({ payload: down });
        expect(responder.handshakeHash).toEqual(one.initiator.handshakeHash);
        const [ours, theirs] = [one.initiator.split(), responder.split()];
        expect(theirs).toEqual({ send: ours.receive, receive: ours.send });
        expect(ours.send).not.toEqual(ours.receive);
      }),
      { seed: 1, numRuns: 40 },
    );
  });

  it('gives new keys every time', () => {
    const keys = Array.from({ length: 4 }, () => {
      const one = flight();
      const two = reply(one.message, NOTHING);
      one.initiator.readMessage2(two.message);
      return one.initiator.split().send.toString('hex');
    });
    expect(new Set(keys).size).toBe(4);
  });

  it('takes the longest message, and refuses to write a longer one', () => {
    const most = Buffer.alloc(NOISE_MAX_MESSAGE - NOISE_OVERHEAD, 1);
    const one = flight(most);
    expect(one.message.length).toBe(NOISE_MAX_MESSAGE);
    expect(new NoiseResponder({ start }).readMessage1(one.message)).toEqual({ payload: most });
    expect(() => flight(Buffer.alloc(most.length + 1))).toThrow(internal);
  });

  it('keeps nothing of the buffer a message came in', () => {
    const one = flight();
    const responder = new NoiseResponder({ start });
    const message = Buffer.from(one.message);
    responder.readMessage1(message);
    message.fill(0);
    const two = responder.writeMessage2(Buffer.from('hi'));
    if ('error' in two) throw new Error(two.error);
    expect(one.initiator.readMessage2(two.message)).toEqual({ payload: Buffer.from('hi') });
  });
});

describe('refusals are values', () => {
  const one = flight(Buffer.from('payload of message 1'));
  const readOne = (message: Buffer) => new NoiseResponder({ start }).readMessage1(message);

  it('message 1: every truncation', () => {
    for (let length = 0; length < one.message.length; length++) {
      const error = length < NOISE_OVERHEAD ? 'too-short' : 'bad-tag';
      expect(readOne(one.message.subarray(0, length))).toEqual({ error });
    }
  });

  it('message 1: every flipped bit, the ignored top bit of the ephemeral among them', () => {
    expect(readOne(one.message)).toHaveProperty('payload');
    for (let bit = 0; bit < one.message.length * 8; bit++) {
      const bad = Buffer.from(one.message);
      bad[bit >> 3] ^= 1 << (bit & 7);
      expect(readOne(bad)).toEqual({ error: 'bad-tag' });
    }
  });

  it('message 1: bytes added, too long, random', () => {
    expect(readOne(Buffer.concat([one.message, Buffer.alloc(1)]))).toEqual({ error: 'bad-tag' });
    expect(readOne(Buffer.alloc(NOISE_MAX_MESSAGE + 1))).toEqual({ error: 'too-long' });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000 }), (noise) => {
        const error = noise.length < NOISE_OVERHEAD ? 'too-short' : 'bad-tag';
        expect(readOne(Buffer.from(noise))).toEqual({ error });
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('message 1: another psk or another prologue', () => {
    const otherPsk = new NoiseResponder({ psk: Buffer.alloc(32, 8), prologue });
    expect(otherPsk.readMessage1(one.message)).toEqual({ error: 'bad-tag' });
    const otherPrologue = new NoiseResponder({ psk, prologue: Buffer.from('culvert/2') });
    expect(otherPrologue.readMessage1(one.message)).toEqual({ error: 'bad-tag' });
  });

  /** Initiators that all sent the same message 1: each can try one reply. */
  function tryReplies(): { good: Buffer; read: (message: Buffer) => unknown } {
    const pair = newEphemeral();
    const attempt = () => {
      const initiator = new NoiseInitiator({ start, ephemeral: () => pair });
      return { initiator, message: initiator.writeMessage1(NOTHING) };
    };
    const good = reply(attempt().message, Buffer.from('payload of message 2')).message;
    return { good, read: (message) => attempt().initiator.readMessage2(message) };
  }

  it('message 2: every truncation', () => {
    const { good, read } = tryReplies();
    expect(read(good)).toEqual({ payload: Buffer.from('payload of message 2') });
    for (let length = 0; length < good.length; length++) {
      const error = length < NOISE_OVERHEAD ? 'too-short' : 'bad-tag';
      expect(read(good.subarray(0, length))).toEqual({ error });
    }
    expect(read(Buffer.alloc(NOISE_MAX_MESSAGE + 1))).toEqual({ error: 'too-long' });
  });

  it('message 2: every flipped bit', () => {
    const { good, read } = tryReplies();
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = Buffer.from(good);
      bad[bit >> 3] ^= 1 << (bit & 7);
      expect(read(bad)).toEqual({ error: 'bad-tag' });
    }
  });

  it('message 2: of another handshake, another psk, a point of small order', () => {
    const { read } = tryReplies();
    expect(read(reply(flight().message, NOTHING).message)).toEqual({ error: 'bad-tag' });
    expect(read(Buffer.alloc(64))).toEqual({ error: 'bad-public-key' });

    const stranger = new NoiseStart({ psk: Buffer.alloc(32, 8), prologue });
    const initiator = new NoiseInitiator({ start: stranger });
    initiator.writeMessage1(NOTHING);
    expect(initiator.readMessage2(reply(flight().message, NOTHING).message)).toEqual({ error: 'bad-tag' });
  });

  it('a keyed initiator with a point of small order is refused when the reply is made', () => {
    const { privateKey } = newEphemeral();
    const ephemeral = () => ({ privateKey, publicKey: Buffer.alloc(32) });
    const message = new NoiseInitiator({ start, ephemeral }).writeMessage1(NOTHING);
    const responder = new NoiseResponder({ start });
    expect(responder.readMessage1(message)).toEqual({ payload: NOTHING });
    expect(responder.writeMessage2(NOTHING)).toEqual({ error: 'bad-public-key' });
    expect(() => responder.split()).toThrow(internal);
  });
});

describe('cost of a first message', () => {
  it('no ephemeral and no Diffie-Hellman before the tag verified', () => {
    const count = { pairs: 0, dh: 0 };
    const ephemeral: KeyPairSource = () => {
      count.pairs++;
      return newEphemeral();
    };
    const dh: DiffieHellman = (privateKey, publicKey) => {
      count.dh++;
      return x25519(privateKey, publicKey);
    };
    const { message } = flight();
    const forged = Buffer.from(message);
    forged[40] ^= 1;

    expect(new NoiseResponder({ start, ephemeral, dh }).readMessage1(forged)).toHaveProperty('error');
    const responder = new NoiseResponder({ start, ephemeral, dh });
    expect(responder.readMessage1(message)).toHaveProperty('payload');
    expect(count).toEqual({ pairs: 0, dh: 0 });
    expect(responder.writeMessage2(NOTHING)).toHaveProperty('message');
    expect(count).toEqual({ pairs: 1, dh: 1 });
  });
});

describe('order of calls', () => {
  it('throws on a step out of order and on a step taken twice', () => {
    const initiator = new NoiseInitiator({ start });
    const responder = new NoiseResponder({ start });
    for (const early of [
      () => initiator.readMessage2(Buffer.alloc(64)),
      () => initiator.split(),
      () => initiator.handshakeHash,
      () => responder.writeMessage2(NOTHING),
      () => responder.split(),
    ]) {
      expect(early).toThrow(internal);
    }
    const message = initiator.writeMessage1(NOTHING);
    expect(() => initiator.writeMessage1(NOTHING)).toThrow(internal);
    responder.readMessage1(message);
    expect(() => responder.readMessage1(message)).toThrow(internal);
    const two = responder.writeMessage2(NOTHING);
    if ('error' in two) throw new Error(two.error);
    initiator.readMessage2(two.message);
    initiator.split();
    expect(() => initiator.split()).toThrow(internal);
    expect(initiator.handshakeHash).toEqual(responder.handshakeHash);
  });

  it('ends with the first failure', () => {
    const { message } = flight();
    const responder = new NoiseResponder({ start });
    expect(responder.readMessage1(message.subarray(1))).toHaveProperty('error');
    expect(() => responder.readMessage1(message)).toThrow(internal);
    expect(() => responder.writeMessage2(NOTHING)).toThrow(internal);

    const { initiator, message: first } = flight();
    const { message: second } = reply(first, NOTHING);
    expect(initiator.readMessage2(second.subarray(0, 47))).toHaveProperty('error');
    expect(() => initiator.readMessage2(second)).toThrow(internal);
    expect(() => initiator.split()).toThrow(internal);
  });

  it('a psk of another length is a mistake of the caller', () => {
    expect(() => new NoiseStart({ psk: Buffer.alloc(31), prologue })).toThrow(internal);
  });
});

it('CipherState: passes text through without a key; a refused text leaves the nonce', () => {
  const text = Buffer.from('text');
  expect(new CipherState().encryptWithAd(NOTHING, text)).toEqual(text);
  expect(new CipherState().decryptWithAd(NOTHING, text)).toEqual(text);
  const [sender, receiver] = [new CipherState(psk), new CipherState(psk)];
  const first = sender.encryptWithAd(NOTHING, text);
  expect(receiver.decryptWithAd(text, first)).toBeUndefined();
  expect(receiver.decryptWithAd(NOTHING, first)).toEqual(text);
  expect(receiver.decryptWithAd(NOTHING, first)).toBeUndefined();
  expect(sender.encryptWithAd(NOTHING, text)).not.toEqual(first);
});
