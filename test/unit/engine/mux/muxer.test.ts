import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG } from '../../../../src-main/engine/config.ts';
import { Muxer } from '../../../../src-main/engine/mux/muxer.ts';
import { OPEN_FAILURES, type OpenFailure } from '../../../../src-main/engine/mux/types.ts';
import {
  byteFrame,
  creditFrame,
  FRAME,
  openFailedFrame,
  openFrame,
  smallFrame,
} from '../../../../src-main/engine/wire/frame.ts';
import { codeOf } from '../../../support/codes.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { framesOf, MuxPair, StreamLog } from '../../../support/mux-pair.ts';

const TARGET = { host: 'host', port: 80 };

describe('opening', () => {
  it('gives client streams odd ids, server streams even ones', () => {
    const pair = new MuxPair();
    const ids = [1, 2, 3].map(() => pair.client.open(TARGET, new StreamLog())?.id);
    expect(ids).toEqual([1, 3, 5]);
    expect(pair.server.open(TARGET, new StreamLog())?.id).toBe(2);
  });

  it('goes on when ids start again, past a stream that lives since the last time', () => {
    const pair = new MuxPair({ ids: 0xffff_fffa });
    const open = (text: string): number | undefined => {
      const stream = pair.client.open(TARGET, new StreamLog());
      stream?.write(Buffer.from(text));
      pair.settle();
      return stream?.id;
    };
    expect([open('a'), open('b')]).toEqual([0xffff_fffb, 0xffff_fffd]);
    // As if it was the first of all.
    for (const { streams } of [pair.client, pair.server]) {
      const first = streams.get(0xffff_fffb);
      if (first !== undefined) streams.set(1, first);
    }
    expect([open('c'), open('d'), open('e')]).toEqual([0xffff_ffff, 3, 5]);
    expect(pair.served.map(({ log }) => log.text)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it.each(Object.keys(OPEN_FAILURES) as Exclude<OpenFailure, 'noSession'>[])(
    'a failure (%s) arrives as it is',
    (failure) => {
      const pair = new MuxPair({ onOpen: ({ incoming }) => incoming.fail(failure, 'because') });
      const log = new StreamLog();
      pair.client.open(TARGET, log)?.write(Buffer.from('early'));
      pair.settle();
      expect(log.told).toEqual([`failed ${failure}: because`]);
      expect([pair.client.streams.size, pair.server.streams.size]).toEqual([0, 0]);
      expect([pair.client.stats.failed, pair.server.stats.failed]).toEqual([1, 1]);
    },
  );

  it('is settled once', () => {
    const pair = new MuxPair({
      onOpen: ({ incoming }) => {
        incoming.accept();
        incoming.accept();
        incoming.fail('refused', 'no');
      },
    });
    const log = new StreamLog();
    pair.client.open(TARGET, log);
    pair.settle();
    expect(log.told).toEqual(['opened']);
  });

  it('is refused beyond the limit of streams, on this side and on that', () => {
    const pair = new MuxPair({ client: { maxStreams: 3 }, server: { maxStreams: 2 } });
    const logs = Array.from({ length: 3 }, () => new StreamLog());
    for (const log of logs) expect(pair.client.open(TARGET, log)).toBeDefined();
    expect(pair.client.accepts).toBe(false);
    expect(pair.client.open(TARGET, new StreamLog())).toBeUndefined();
    pair.settle();
    expect(logs.map((log) => log.told[0])).toEqual([
      'opened',
      'opened',
      expect.stringMatching(/^failed limit/),
    ]);
    expect(pair.client.accepts).toBe(true);
  });

  it('is refused by a side that opens nothing', () => {
    const pair = new MuxPair();
    const log = new StreamLog();
    pair.server.open(TARGET, log);
    pair.settle();
    expect(log.told[0]).toMatch(/^failed unsupported/);
  });

  it('ends with GOAWAY; what is open goes on', () => {
    const pair = new MuxPair();
    const log = new StreamLog();
    const stream = pair.client.open(TARGET, log);
    pair.settle();
    pair.server.goAway();
    pair.settle();
    expect(pair.client.open(TARGET, new StreamLog())).toBeUndefined();
    stream?.write(Buffer.from('on'));
    pair.settle();
    expect(pair.served[0].log.text).toBe('on');
  });

  it.each(['', 'n'.repeat(200)])(
    'no data overtakes the OPEN it belongs to, however many open at once (host %j)',
    (host) => {
      const pair = new MuxPair();
      const count = 600;
      for (let i = 0; i < count; i++)
        pair.client.open({ host, port: 80 }, new StreamLog())?.write(Buffer.from([i]));
      pair.settle(16 << 10);
      expect(pair.served).toHaveLength(count);
      const wrong = pair.served.filter(({ log }, i) => log.bytes !== 1 || log.received[0] !== (i & 0xff));
      expect(wrong).toHaveLength(0);
    },
  );

  it('that nobody waits for is confirmed with what is sent next, or a little later by itself', () => {
    for (const lazy of [true, false]) {
      const pair = new MuxPair();
      const log = new StreamLog();
      pair.client.open(TARGET, log, { lazy });
      pair.carry(pair.client);
      expect(pair.serverWakes).toEqual(lazy ? [] : [false]);
      pair.clock.advance(100);
      expect(pair.serverWakes).toEqual([false]);
      pair.settle();
      expect(log.told).toEqual(['opened']);
    }
  });

  it('no data overtakes OPENED', () => {
    const pair = new MuxPair({
      onOpen: ({ incoming, stream }) => {
        incoming.accept();
        stream.write(Buffer.from('x'));
      },
    });
    const logs = Array.from({ length: 4000 }, () => new StreamLog());
    for (const log of logs) pair.client.open({ host: '', port: 80 }, log);
    pair.settle(16 << 10);
    expect(logs.filter(({ told }) => told.join() !== 'opened,data')).toHaveLength(0);
  });
});

describe('an answer to OPEN', () => {
  it('counts once', () => {
    const pair = new MuxPair();
    const log = new StreamLog();
    pair.client.open(TARGET, log);
    pair.client.onRecord([smallFrame(FRAME.opened, 1)]);
    pair.client.onRecord([smallFrame(FRAME.opened, 1), openFailedFrame(1, 2, 'after all')]);
    expect(log.told).toEqual(['opened']);
    expect(pair.client.streams.size).toBe(1);
  });

  it('is not for a stream that the peer opened itself', () => {
    const pair = new MuxPair({ onOpen: () => {} });
    pair.server.onRecord([openFrame(1, 0, 'h', 1)]);
    pair.server.onRecord([smallFrame(FRAME.opened, 1), openFailedFrame(1, 2, 'no')]);
    const [{ log, incoming }] = pair.served;
    expect(log.told).toEqual([]);
    expect(incoming.stream.isClosed).toBe(false);
    expect(pair.server.stats.failed).toBe(0);
  });
});

describe('a record', () => {
  it('is no longer than asked, but for headers', () => {
    const pair = new MuxPair();
    const streams = Array.from({ length: 50 }, () => pair.client.open(TARGET, new StreamLog()));
    for (const stream of streams) for (let i = 0; i < 9; i++) stream?.write(Buffer.alloc(10_001));
    for (const limit of [16 << 10, 40_000, 64 << 10, 256 << 10]) {
      const record = pair.client.pull(limit);
      expect(record?.length).toBeLessThanOrEqual(limit + 2048);
      expect(record?.length).toBeGreaterThan(limit / 2);
    }
  });

  it('does not cut a chunk of just its size', () => {
    const pair = new MuxPair();
    const stream = pair.client.open(TARGET, new StreamLog());
    pair.settle();
    stream?.write(Buffer.alloc(64 << 10));
    const record = pair.client.pull(64 << 10);
    expect(framesOf(record?.parts ?? [])).toEqual([{ type: FRAME.data, id: 1, length: 64 << 10 }]);
    expect(pair.client.pull(64 << 10)).toBeUndefined();
  });

  it('asks to be sent at once when there is enough, otherwise at the end of the turn', () => {
    const pair = new MuxPair();
    const stream = pair.client.open(TARGET, new StreamLog());
    pair.settle();
    pair.wakes.length = 0;
    stream?.write(Buffer.alloc(100));
    expect(pair.wakes).toEqual([false]);
    stream?.write(Buffer.alloc(64 << 10));
    expect(pair.wakes.at(-1)).toBe(true);
  });
});

describe('a peer that breaks the rules is ERR_FRAME', () => {
  it.each<[string, Buffer]>([
    ['OPEN with an id of the wrong parity', openFrame(2, 0, 'h', 1)],
    ['OPEN of stream 0', openFrame(0, 0, 'h', 1)],
    ['OPEN of an id that was used', openFrame(1, 0, 'h', 1)],
    ['OPEN of an id passed over', openFrame(3, 0, 'h', 1)],
    ['OPEN to port 0', openFrame(9, 0, 'h', 0)],
    ['OPEN cut short', smallFrame(FRAME.open, 9, Buffer.alloc(3))],
    ['CREDIT of a wrong length', smallFrame(FRAME.credit, 5, Buffer.alloc(3))],
    ['an unknown frame', Buffer.from('0a00000001000000', 'hex')],
  ])('%s', (_name, frame) => {
    const pair = new MuxPair();
    pair.server.onRecord([openFrame(1, 0, 'h', 1), openFrame(5, 0, 'h', 1)]);
    expect(codeOf(() => pair.server.onRecord([frame]))).toBe('ERR_FRAME');
  });

  it('data after FIN', () => {
    const pair = new MuxPair();
    pair.server.onRecord([openFrame(1, 0, 'h', 1), smallFrame(FRAME.fin, 1)]);
    expect(codeOf(() => pair.server.onRecord([smallFrame(FRAME.data, 1, Buffer.from('x'))]))).toBe(
      'ERR_FRAME',
    );
  });

  it('frames of streams that are gone are not against the rules', () => {
    const pair = new MuxPair();
    pair.server.onRecord([openFrame(1, 0, 'h', 1), byteFrame(FRAME.reset, 1, 1)]);
    const late = [
      smallFrame(FRAME.data, 1, Buffer.from('x')),
      creditFrame(1, 5),
      smallFrame(FRAME.fin, 1),
      byteFrame(FRAME.reset, 1, 1),
      smallFrame(FRAME.opened, 1),
    ];
    expect(codeOf(() => pair.server.onRecord(late))).toBeUndefined();
  });

  it('a peer that makes us queue frames without end is cut off', () => {
    const pair = new MuxPair({ onOpen: ({ incoming }) => incoming.fail('denied', '') });
    const code = codeOf(() => {
      for (let id = 1; id < 2 ** 20; id += 2) pair.server.onRecord([openFrame(id, 0, '', 1)]);
    });
    expect(code).toBe('ERR_LIMIT');
    // A quarter of a million frames take a busy machine long.
  }, 60_000);
});

describe('a limit that a reset exceeds', () => {
  it('ends each stream once', () => {
    const closed: number[] = [];
    const log = new StreamLog();
    const muxer = new Muxer({
      role: 'client',
      limits: DEFAULT_CONFIG,
      peerWindowBytes: 1 << 20,
      clock: new FakeClock(),
      wake: () => {},
      fault: () => muxer.destroy('sessionLost'),
    });
    const meter = { streamOpened: () => {}, streamClosed: ({ id }: { id: number }) => closed.push(id) };
    const stream = muxer.open(TARGET, log, { meter });
    for (let i = 1; i < 1 << 18; i++) muxer.goAway();
    stream?.reset('reset');
    expect(log.told).toHaveLength(1);
    expect(closed).toEqual([1]);
  });
});

describe('destroy', () => {
  it('cuts every stream once and gives nothing more', () => {
    const pair = new MuxPair();
    const logs = Array.from({ length: 3 }, () => new StreamLog());
    for (const log of logs) pair.client.open(TARGET, log)?.write(Buffer.from('x'));
    pair.settle();
    pair.client.destroy('sessionLost');
    pair.client.destroy('shutdown');
    expect(logs.map(({ told }) => told.at(-1))).toEqual(Array(3).fill('reset sessionLost'));
    expect(pair.client.pull(1000)).toBeUndefined();
    expect(pair.client.open(TARGET, new StreamLog())).toBeUndefined();
    expect(pair.clock.pending).toBe(0);
    pair.client.onRecord([Buffer.from('garbage, ignored')]);
  });
});

describe('a meter', () => {
  it('hears of each stream once, and whether it failed', () => {
    const pair = new MuxPair({
      onOpen: ({ incoming, target }) =>
        target.port === 1 ? incoming.fail('refused', '') : incoming.accept(),
    });
    const heard: string[] = [];
    const meter = {
      streamOpened: (stream: { id: number }) => heard.push(`open ${stream.id}`),
      streamClosed: (stream: { id: number }, failed: boolean) => heard.push(`close ${stream.id} ${failed}`),
    };
    pair.client.open({ host: '', port: 1 }, new StreamLog(), { meter });
    const good = pair.client.open({ host: '', port: 2 }, new StreamLog(), { meter });
    pair.settle();
    good?.reset('reset');
    pair.settle();
    expect(heard).toEqual(['open 1', 'open 3', 'close 1 true', 'close 3 false']);
  });
});
