import { describe, expect, it } from 'vitest';
import { CulvertError } from '../../../../src-main/engine/base/errors.ts';
import { silentLogger } from '../../../../src-main/engine/base/log.ts';
import type { CarrierRecord } from '../../../../src-main/engine/carrier/carrier.ts';
import { DEFAULT_CONFIG } from '../../../../src-main/engine/config.ts';
import { RECORD_KIND, type RecordKind } from '../../../../src-main/engine/crypto/record.ts';
import { RecordSealer } from '../../../../src-main/engine/crypto/record-sealer.ts';
import { Session } from '../../../../src-main/engine/session/session.ts';
import { encodeControl } from '../../../../src-main/engine/wire/control.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { type MemoryCarrier, memoryPipe } from '../../../support/memory-carrier.ts';
import { Seeded } from '../../../support/seeded.ts';
import { SessionPair, type SessionPairOptions } from '../../../support/session-pair.ts';

/** A user of a session that sends whole texts as records and keeps what comes. */
class Texts {
  readonly got: string[] = [];
  readonly out: string[] = [];
  ends: string[] = [];
  pulls = 0;
  private readonly session: Session;

  constructor(session: Session) {
    this.session = session;
    session.use({
      pull: () => {
        this.pulls++;
        const text = this.out.shift();
        if (text === undefined) return undefined;
        const plain = Buffer.from(text);
        return { parts: [plain], length: plain.length };
      },
      onRecord: (pieces) => {
        this.got.push(Buffer.concat(pieces).toString());
        return true;
      },
      onSessionEnd: (error) => this.ends.push(error.code),
    });
  }

  send(...texts: string[]): void {
    this.out.push(...texts);
    this.session.wake(false);
  }
}

interface Sent {
  from: MemoryCarrier;
  kind: RecordKind;
  record: CarrierRecord;
}

function setUp(options: SessionPairOptions = {}) {
  const sent: Sent[] = [];
  const pair = new SessionPair({
    ...options,
    pipe: {
      delayMs: [5, 5],
      tap: (from, record) => {
        const kind = 'kind' in record ? (record.kind as RecordKind) : RECORD_KIND.control;
        sent.push({ from, kind, record });
      },
      ...options.pipe,
    },
  });
  const client = new Texts(pair.client);
  const server = new Texts(pair.server);
  const reliable = () => sent.filter(({ kind }) => kind === RECORD_KIND.reliable);
  return { pair, clock: pair.clock, client, server, sent, reliable };
}

const numbered = (count: number, text = 'record'): string[] =>
  Array.from({ length: count }, (_, i) => `${text} ${i}`);

describe('a session with one carrier', () => {
  it('carries records both ways, in order, and forgets them once acknowledged', () => {
    const { pair, clock, client, server } = setUp({ pipe: { pieceBytes: 13 } });
    pair.attachFirst();
    client.send(...numbered(100, 'up'));
    server.send(...numbered(100, 'down'));
    clock.advance(3);
    expect(pair.client.unacknowledged).toBeGreaterThan(0);
    clock.advance(100);
    expect(server.got).toEqual(numbered(100, 'up'));
    expect(client.got).toEqual(numbered(100, 'down'));
    expect([pair.client.unacknowledged, pair.server.unacknowledged]).toEqual([0, 0]);
    expect(pair.client.stats.resentBytes).toBe(0);
  });

  it('measures the round trip', () => {
    const { pair, clock } = setUp();
    pair.attachFirst();
    clock.advance(100);
    expect(pair.client.stats.rttMs).toBe(10);
    expect(pair.server.stats.rttMs).toBe(10);
  });

  it('what is asked to be sent in one turn leaves in that turn, once it ends', () => {
    const { pair, client, reliable } = setUp();
    pair.attachFirst();
    client.send('a');
    client.send('b');
    expect(reliable()).toHaveLength(0);
    pair.clock.advance(0);
    expect(reliable()).toHaveLength(2);
    client.out.push('now');
    pair.client.wake(true);
    expect(reliable()).toHaveLength(3);
  });

  it('asks for nothing while the carrier is full, and goes on when it is not', () => {
    const { pair, clock, client, server } = setUp({ pipe: { fullAt: 1000 } });
    const pipe = pair.attachFirst();
    pipe.client.choke(50);
    client.send(...numbered(500));
    clock.advance(40);
    expect(client.out).toHaveLength(500);
    clock.advance(11);
    expect(client.out.length).toBeGreaterThan(470);
    clock.advance(1000);
    expect(server.got).toEqual(numbered(500));
  });

  it('a full send buffer stops it (I4); acknowledgement lets it go on; nothing is dropped', () => {
    const { pair, clock, client, server } = setUp({ limits: { sendBufferBytes: 20_000, ackBytes: 5000 } });
    const pipe = pair.attachFirst();
    clock.advance(20);
    pipe.server.silent = true;
    client.send(...numbered(1000));
    clock.advance(500);
    expect(pair.client.unacknowledged).toBeGreaterThanOrEqual(20_000);
    expect(pair.client.unacknowledged).toBeLessThan(20_000 + 600);
    expect(client.out.length).toBeGreaterThan(900);
    expect(server.got.length + client.out.length).toBe(1000);
    pipe.server.silent = false;
    clock.advance(20_000);
    expect(server.got).toEqual(numbered(1000));
  });

  it('acknowledges a single record after the delay, and many at once', () => {
    const { pair, clock, client, sent } = setUp({ limits: { ackBytes: 2000 } });
    pair.attachFirst();
    clock.advance(100);
    const acks = () => sent.filter(({ from }) => from === pair.pipe?.server).length;
    const before = acks();
    client.send('one');
    clock.advance(24);
    expect(acks()).toBe(before);
    clock.advance(1);
    expect(acks()).toBe(before + 1);
    client.send('x'.repeat(3000));
    clock.advance(5);
    expect(acks()).toBe(before + 2);
  });

  it('a path that dies soon after it was attached, under load, is noticed as soon', () => {
    const { pair, clock, client } = setUp();
    const lost: string[] = [];
    pair.client.watcher = { onCarrierLost: (_carrier, reason) => lost.push(reason.code) };
    client.send(...numbered(3));
    const pipe = pair.attachFirst();
    clock.advance(7);
    pipe.server.silent = true;
    clock.advance(5);
    pipe.kill();
    clock.advance(13_100);
    expect(lost).toEqual(['ERR_CARRIER_TIMEOUT']);
  });

  it('a dead path is noticed: 10 s after a PING, which is at most 3 s after data, 25 s after silence', () => {
    for (const [busy, limit] of [
      [true, 13_000],
      [false, 35_000],
    ] as const) {
      const { pair, clock, client } = setUp();
      const lost: string[] = [];
      pair.client.watcher = {
        onCarrierLost: (_carrier, reason, left) => lost.push(`${reason.code} ${left}`),
      };
      const pipe = pair.attachFirst();
      clock.advance(1000);
      pipe.kill();
      if (busy) client.send('into the void');
      clock.advance(10_000);
      expect(lost).toEqual([]);
      clock.advance(limit - 10_000);
      expect(lost).toEqual(['ERR_CARRIER_TIMEOUT false']);
    }
  });
});

describe('a session whose carrier is lost', () => {
  it('sends on the next one what was not acknowledged: the same bytes, and nothing new for it', () => {
    const { pair, clock, client, server, reliable } = setUp();
    const first = pair.attachFirst();
    clock.advance(50);
    client.send(...numbered(50));
    clock.advance(0);
    const before = reliable().map(({ record }) => Buffer.concat(record.parts).toString('hex'));
    expect(before).toHaveLength(50);
    first.kill(0, 0);
    clock.advance(100);
    pair.attachAgain();
    clock.advance(1000);
    expect(server.got).toEqual(numbered(50));
    const after = reliable().slice(50);
    expect(after.length).toBeGreaterThan(0);
    for (const { record } of after) {
      expect(Buffer.concat(record.parts).toString('hex')).toBe(before[record.seq]);
    }
    expect(pair.client.stats.resumes).toBe(1);
    expect(pair.server.stats.resumes).toBe(1);
    expect(pair.client.stats.resentBytes).toBe(after.reduce((sum, { record }) => sum + record.bytes, 0));
  });

  it('does not send again what the peer says it has', () => {
    const { pair, clock, client, server, reliable } = setUp({ limits: { ackDelayMs: 500 } });
    const pipe = pair.attachFirst();
    clock.advance(50);
    client.send(...numbered(40));
    clock.advance(6);
    expect(server.got).toHaveLength(40);
    expect(pair.client.unacknowledged).toBeGreaterThan(0);
    pipe.kill(0, 0);
    clock.advance(10);
    pair.attachAgain();
    clock.advance(1000);
    expect(reliable()).toHaveLength(40);
    expect(pair.client.unacknowledged).toBe(0);
  });

  it('keeps what its users send meanwhile, up to the cap', () => {
    const { pair, clock, client, server } = setUp();
    pair.attachFirst();
    clock.advance(50);
    pair.pipe?.kill(0, 0);
    clock.advance(1);
    client.send(...numbered(10));
    clock.advance(5000);
    expect(client.out).toHaveLength(10);
    pair.attachAgain();
    clock.advance(100);
    expect(server.got).toEqual(numbered(10));
  });

  it('the client sends nothing on a further carrier before the server said what it has', () => {
    const { pair, clock, client, sent } = setUp();
    pair.attachFirst();
    clock.advance(50);
    pair.pipe?.kill(0, 0);
    clock.advance(1);
    client.send('waiting');
    const active: unknown[] = [];
    pair.client.watcher = { onActive: (carrier) => active.push(carrier) };
    const pipe = pair.attachAgain();
    clock.advance(4);
    expect(sent.filter(({ from }) => from === pipe.client)).toHaveLength(0);
    expect(active).toEqual([]);
    clock.advance(2);
    expect(sent.filter(({ from }) => from === pipe.client).length).toBeGreaterThan(0);
    expect(active).toEqual([pipe.client]);
  });

  it('a replacing carrier ends those before it, also where they still seem alive', () => {
    const { pair, clock, client, server } = setUp();
    const old = pair.attachFirst();
    clock.advance(50);
    old.kill(0);
    clock.advance(1);
    const fresh = pair.attachAgain();
    expect(old.server.isGone).toBe(true);
    expect(pair.server.carrier).toBe(fresh.server);
    client.send('a');
    server.send('b');
    clock.advance(100);
    expect([server.got, client.got]).toEqual([['a'], ['b']]);
  });

  it('with another carrier still attached goes on there, and watches it', () => {
    const { pair, clock, client, server } = setUp();
    const first = pair.attachFirst();
    clock.advance(50);
    const second = pair.attachAgain('use');
    clock.advance(50);
    expect(pair.client.carrier).toBe(second.client);
    client.send(...numbered(20));
    clock.advance(0);
    second.kill(0, 0);
    clock.advance(200);
    expect(pair.client.carrier).toBe(first.client);
    expect(server.got).toEqual(numbered(20));
    // The path left dies in silence: somebody must look.
    first.kill();
    clock.advance(60_000);
    expect(first.client.isGone).toBe(true);
  });

  it('survives losing ACKs only', () => {
    const { pair, clock, client, server } = setUp();
    const pipe = pair.attachFirst();
    clock.advance(50);
    pipe.server.silent = true;
    client.send(...numbered(30));
    clock.advance(100);
    expect(server.got).toHaveLength(30);
    expect(pair.client.unacknowledged).toBeGreaterThan(0);
    pipe.kill(0, 0);
    clock.advance(1);
    pair.attachAgain();
    clock.advance(100);
    expect(server.got).toEqual(numbered(30));
    expect(pair.client.unacknowledged).toBe(0);
  });
});

describe('several carriers', () => {
  it('one on probation carries an echo and nothing else, until it is chosen; then both sides use it', () => {
    const { pair, clock, client, server, sent } = setUp();
    const old = pair.attachFirst();
    clock.advance(50);
    const next = pair.attachAgain('probe');
    const echoes: Array<number | undefined> = [];
    clock.advance(20);
    pair.client.echo(next.client, 1000, (rttMs) => echoes.push(rttMs));
    client.send('a');
    server.send('b');
    clock.advance(100);
    expect(echoes).toEqual([expect.any(Number)]);
    expect([pair.client.carrier, pair.server.carrier]).toEqual([old.client, old.server]);
    const reliable = sent.filter(({ from, record }) => from === next.client && record.bytes > 200);
    expect(reliable).toEqual([]);

    pair.client.choose(next.client, false);
    clock.advance(100);
    expect([pair.client.carrier, pair.server.carrier]).toEqual([next.client, next.server]);
    expect(old.client.isGone).toBe(false);
    pair.client.choose(next.client, true);
    clock.advance(100);
    expect([old.client.isGone, old.server.isGone]).toEqual([true, true]);
    expect([server.got, client.got]).toEqual([['a'], ['b']]);
  });

  it('no more leaves than the peer can hold behind a small record that is missing', () => {
    const limit = 1 << 20;
    const { pair, clock, client, server } = setUp({
      limits: { sendBufferBytes: limit, receiveBufferBytes: limit },
    });
    const old = pair.attachFirst();
    clock.advance(50);
    const next = pair.attachAgain('probe');
    clock.advance(50);
    old.client.silent = true;
    client.send('keystroke');
    clock.advance(1);
    pair.client.choose(next.client, false);
    const bulk = Array.from({ length: 30 }, (_, i) => `${i}`.padEnd(200_000, '.'));
    client.send(...bulk);
    clock.advance(900);
    expect(server.got).toEqual([]);
    expect(next.server.closedWith).toBeUndefined();
    // What lets one record begin lets it end.
    expect(bulk.length - client.out.length).toBe(Math.ceil(limit / 200_000));
    pair.client.choose(next.client, true);
    clock.advance(500);
    expect(server.got).toEqual(['keystroke', ...bulk]);
    expect(next.server.closedWith).toBeUndefined();
  });

  it('one on probation does not stand in for a carrier that is lost', () => {
    const { pair, clock } = setUp();
    const old = pair.attachFirst();
    clock.advance(50);
    pair.attachAgain('probe');
    clock.advance(50);
    const lost: boolean[] = [];
    pair.client.watcher = { onCarrierLost: (_carrier, _reason, left) => lost.push(left) };
    old.kill(0, 0);
    clock.advance(10);
    expect(lost).toEqual([false]);
    expect(pair.client.carrier).toBeUndefined();
  });

  it('an ATTACH that comes late, after a newer choice, decides nothing', () => {
    const { pair, clock } = setUp();
    pair.attachFirst();
    clock.advance(50);
    const late = pair.client.sealAttach('replace');
    const chosen = pair.attachAgain('use');
    clock.advance(50);
    pair.client.choose(chosen.client, true);
    clock.advance(50);
    const attach = pair.server.openFlight(late);
    if (attach?.type !== 'attach') throw new Error('it verifies');
    const stray = memoryPipe({ clock });
    pair.server.resume(stray.server, attach);
    expect(pair.server.carrier).toBe(chosen.server);
    expect(chosen.server.isGone).toBe(false);
  });

  it('has a cap: the one silent longest makes room, never the one in use', () => {
    const { pair, clock } = setUp();
    const first = pair.attachFirst();
    clock.advance(50);
    const probes = Array.from({ length: pair.limits.maxCarriers }, () => {
      clock.advance(10);
      return pair.attachAgain('probe');
    });
    expect(first.server.isGone).toBe(false);
    expect(probes[0].server.isGone).toBe(true);
    expect(probes[1].server.isGone).toBe(false);
  });
});

describe('ATTACH', () => {
  it('is accepted once, whole, and unchanged', () => {
    const { pair } = setUp();
    const flight = pair.client.sealAttach('replace');
    for (let n = 0; n < flight.length; n++)
      expect(pair.server.openFlight(flight.subarray(0, n))).toBeUndefined();
    for (let n = 0; n < flight.length; n++) {
      const bad = Buffer.from(flight);
      bad[n] ^= 1;
      expect(pair.server.openFlight(bad)).toBeUndefined();
    }
    expect(pair.server.openFlight(flight)).toEqual({
      type: 'attach',
      mode: 'replace',
      seq: 0,
      ack: { next: 0, ranges: [] },
    });
    expect(pair.server.openFlight(flight)).toBeUndefined();
  });

  it('has no constant size', () => {
    const { pair } = setUp();
    const sizes = new Set(Array.from({ length: 100 }, () => pair.client.sealAttach('replace').length));
    expect(sizes.size).toBeGreaterThan(20);
  });

  it('is refused when it is another control record, or one of the other direction', () => {
    const { pair } = setUp();
    expect(pair.client.openFlight(pair.client.sealAttach('replace'))).toBeUndefined();
    const plain = encodeControl({ type: 'close' });
    const secret = Buffer.alloc(32, 5);
    const other = new SessionPair({ seed: 2 });
    const bytes = Buffer.concat(new RecordSealer(secret).seal(1, 0, [plain], plain.length).parts);
    expect(other.server.openFlight(bytes)).toBeUndefined();
  });
});

describe('the end of a session', () => {
  it('in order: the peer is told, both users are told once, carriers close', () => {
    const { pair, clock, client, server } = setUp();
    const pipe = pair.attachFirst();
    clock.advance(50);
    pair.client.close();
    pair.client.close();
    clock.advance(50);
    expect([client.ends, server.ends]).toEqual([['ERR_CLOSED'], ['ERR_CLOSED']]);
    expect([pipe.client.isGone, pipe.server.isGone]).toEqual([true, true]);
    expect(pair.server.isEnded).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('at once: the peer keeps its half, for it may be attached again', () => {
    const { pair, clock, client, server } = setUp();
    pair.attachFirst();
    clock.advance(50);
    pair.client.destroy(new CulvertError('ERR_SESSION_LOST', 'test'));
    clock.advance(50);
    expect([client.ends, server.ends]).toEqual([['ERR_SESSION_LOST'], []]);
    expect(pair.server.carrier).toBeUndefined();
  });

  it('a carrier that comes too late is ended', () => {
    const { pair, clock } = setUp();
    pair.client.destroy(new CulvertError('ERR_SESSION_LOST', 'test'));
    const pipe = memoryPipe({ clock });
    pair.client.attach(pipe.client, true);
    expect(pipe.client.isGone).toBe(true);
  });

  it('comes when the user cannot read a record that verified', () => {
    const { pair, clock } = setUp();
    const ends: string[] = [];
    pair.server.use({
      pull: () => undefined,
      onRecord: () => {
        throw new CulvertError('ERR_FRAME', 'test');
      },
      onSessionEnd: (error) => ends.push(error.code),
    });
    pair.attachFirst();
    new Texts(pair.client).send('x');
    clock.advance(50);
    expect(ends).toEqual(['ERR_FRAME']);
  });
});

describe('a hostile path', () => {
  it('bytes that the peer did not seal cost the carrier, never the session', () => {
    const { pair, clock, client, server } = setUp();
    const pipe = pair.attachFirst();
    clock.advance(50);
    const parts = [Buffer.alloc(64, 7)];
    const state = { reliable: true, retired: false, handedOver: () => {}, written: () => {} };
    const garbage = { seq: 0, parts, bytes: 64, ...state };
    pipe.client.send([garbage]);
    clock.advance(50);
    expect(pipe.server.closedWith?.code).toBe('ERR_RECORD');
    expect(server.ends).toEqual([]);
    clock.advance(10);
    pair.attachAgain();
    client.send('still here');
    clock.advance(50);
    expect(server.got).toEqual(['still here']);
  });

  it('a peer that pings and does not read is answered so often, until it reads again', () => {
    const clock = new FakeClock();
    const [up, down] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const session = new Session({
      id: Buffer.alloc(8),
      sendSecret: down,
      receiveSecret: up,
      limits: DEFAULT_CONFIG,
      clock,
      random: new Seeded(1).source,
      defer: (fn) => fn(),
      log: silentLogger,
    });
    const pipe = memoryPipe({ clock, fullAt: 1 << 30 });
    session.attach(pipe.server, true);
    const flow = { push: () => {} };
    pipe.client.start({ openFlow: () => flow, onWritable: () => {}, onClose: () => {}, seal: () => up });
    const sealer = new RecordSealer(up);
    const plain = encodeControl({ type: 'ping', token: 7, ack: { next: 0, ranges: [] } });
    let seq = 0;
    const ping = (count: number): number => {
      const before = pipe.server.stats.sent;
      for (let i = 0; i < count; i++) pipe.client.send([sealer.seal(1, seq++, [plain], plain.length)]);
      clock.advance(0);
      return (pipe.server.stats.sent - before) / (plain.length + 32);
    };
    expect(ping(1000)).toBe(1000);
    pipe.server.choke(100);
    expect(ping(100)).toBe(100);
    expect(ping(10_000)).toBeLessThan(500);
    expect(ping(10_000)).toBe(0);
    clock.advance(200);
    expect(ping(1000)).toBe(1000);
  });

  it('records played again are dropped', () => {
    const { pair, clock, client, server, sent } = setUp();
    const pipe = pair.attachFirst();
    client.send('once', 'only');
    clock.advance(50);
    const all = sent.filter(({ from }) => from === pipe.client).map(({ record }) => record);
    pipe.client.send(all);
    pipe.client.send(all);
    clock.advance(50);
    expect(server.got).toEqual(['once', 'only']);
    expect(pipe.server.isGone).toBe(false);
  });
});
