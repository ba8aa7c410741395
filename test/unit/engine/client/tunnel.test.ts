import { describe, expect, it } from 'vitest';
import { Tunnel } from '../../../../src-main/engine/client/tunnel.ts';
import { STREAM_PROTOCOL } from '../../../../src-main/engine/wire/frame.ts';
import { FEATURE } from '../../../../src-main/engine/wire/hello.ts';
import { MuxPair, StreamLog } from '../../../support/mux-pair.ts';

const TARGET = { host: 'h', port: 1 };

function setUp(options: { maxWaiting?: number; maxStreams?: number } = {}) {
  const pair = new MuxPair({ client: { maxStreams: options.maxStreams ?? 100 } });
  const { clock } = pair;
  const tunnel = new Tunnel({ dialTimeoutMs: 20_000, maxWaiting: options.maxWaiting ?? 3, clock });
  const open = () => {
    const log = new StreamLog();
    return { log, stream: tunnel.open(TARGET, log) };
  };
  return { pair, clock, tunnel, open };
}

describe('Tunnel', () => {
  it('opens at once where there is a session', () => {
    const { pair, tunnel, open } = setUp();
    tunnel.up(pair.client);
    const { log } = open();
    pair.settle();
    expect(log.told).toEqual(['opened']);
    expect(tunnel.waitingStreams).toBe(0);
  });

  it('streams wait for a session, in order, with what they wrote', () => {
    const { pair, clock, tunnel, open } = setUp();
    const all = [open(), open(), open()];
    all.forEach(({ stream }, i) => void stream.write(Buffer.from(`${i}`)));
    clock.advance(19_999);
    expect(tunnel.waitingStreams).toBe(3);
    tunnel.up(pair.client);
    pair.settle();
    expect(pair.served.map(({ log }) => log.text)).toEqual(['0', '1', '2']);
    expect(tunnel.waitingStreams).toBe(0);
    clock.advance(100);
    expect(all.map(({ log }) => log.told)).toEqual([['opened'], ['opened'], ['opened']]);
  });

  it('but no longer than the dial timeout', () => {
    const { clock, tunnel, open } = setUp();
    const { log } = open();
    clock.advance(20_000);
    expect(log.told[0]).toMatch(/^failed noSession: the server could not be reached/);
    expect(tunnel.waitingStreams).toBe(0);
  });

  it('and not more than so many; the next fails in a later turn, not inside the call', () => {
    const { clock, tunnel, open } = setUp({ maxWaiting: 2 });
    const [a, b, c] = [open(), open(), open()];
    expect(c.log.told).toEqual([]);
    clock.advance(0);
    expect([a, b, c].map(({ log }) => log.told.length)).toEqual([0, 0, 1]);
    expect(c.log.told[0]).toMatch(/^failed noSession: too many/);
    expect(tunnel.waitingStreams).toBe(2);
  });

  it('a session that takes no more streams fails them at once', () => {
    const { pair, clock, tunnel, open } = setUp({ maxStreams: 1 });
    tunnel.up(pair.client);
    open();
    const { log } = open();
    clock.advance(0);
    expect(log.told[0]).toMatch(/^failed noSession: too many/);
  });

  it('a reset while waiting frees its place', () => {
    const { clock, tunnel, open } = setUp({ maxWaiting: 1 });
    const { stream } = open();
    stream.reset('reset');
    expect(tunnel.waitingStreams).toBe(0);
    expect(clock.pending).toBe(0);
    const { log } = open();
    clock.advance(10_000);
    expect(log.told).toEqual([]);
  });

  it('after a session is gone, streams wait for another', () => {
    const { pair, tunnel, open } = setUp();
    tunnel.up(pair.client);
    tunnel.down();
    const { log } = open();
    expect(tunnel.waitingStreams).toBe(1);
    const second = new MuxPair();
    tunnel.up(second.client);
    second.settle();
    expect(log.told).toEqual(['opened']);
    expect(pair.client.streams.size).toBe(0);
  });

  it('close fails what waits', () => {
    const { clock, tunnel, open } = setUp();
    const { log } = open();
    tunnel.close();
    expect(log.told).toEqual(['failed noSession: the client is stopping']);
    expect(clock.pending).toBe(0);
  });

  it('UDP waits for a session like TCP, and is not asked of a server that does not say it has it', () => {
    const { clock } = setUp();
    const old = new MuxPair({ features: FEATURE.tcp });
    const tunnel = new Tunnel({ dialTimeoutMs: 20_000, maxWaiting: 3, clock });
    const open = (): StreamLog => {
      const log = new StreamLog();
      tunnel.open(TARGET, log, { protocol: STREAM_PROTOCOL.udp });
      return log;
    };
    const early = open();
    tunnel.up(old.client);
    const late = open();
    clock.advance(0);
    for (const { told } of [early, late]) {
      expect(told).toEqual([
        'failed unsupported: the server is of an older version, which does not forward UDP',
      ]);
    }
    old.settle();
    expect(old.served).toEqual([]);
    const pair = new MuxPair();
    tunnel.up(pair.client);
    open();
    pair.settle();
    expect(pair.served.map(({ protocol }) => protocol)).toEqual([STREAM_PROTOCOL.udp]);
  });
});
