import { describe, expect, it } from 'vitest';
import type { CarrierRecord } from '../../../../../src-main/engine/carrier/carrier.ts';
import { Outbox } from '../../../../../src-main/engine/carrier/http/outbox.ts';
import { RecordStream } from '../../../../../src-main/engine/carrier/http/record-stream.ts';
import { recordOf } from '../../../../support/carrier-records.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';

function setUp(holdMs = 60_000, maxBytes = 10_000_000) {
  const clock = new FakeClock();
  const body = {
    backlog: 0,
    got: [] as Buffer[],
    unwritten: [] as Array<() => void>,
    ended: false,
    write(parts: readonly Buffer[], onWritten: () => void) {
      this.got.push(...parts);
      this.unwritten.push(onWritten);
    },
    end() {
      this.ended = true;
    },
  };
  const ends: Array<{ lost: CarrierRecord[]; broken: boolean }> = [];
  const stream = new RecordStream({
    body,
    first: Buffer.from('<<'),
    last: (bytes) => Buffer.from(`>${bytes}`),
    holdMs,
    maxBytes,
    clock,
    onEnd: (lost, broken) => ends.push({ lost, broken }),
  });
  return { clock, body, ends, stream, outbox: new Outbox() };
}

describe('RecordStream', () => {
  it('begins, carries and ends with the count of what was before', () => {
    const { body, ends, stream, outbox } = setUp();
    outbox.put([recordOf(1, 3), recordOf(2, 4)]);
    expect(stream.send(outbox)).toBe(7);
    expect(stream.send(outbox)).toBe(0);
    stream.end();
    stream.end();
    expect(Buffer.concat(body.got).toString('latin1')).toBe('<<\x01\x01\x01\x02\x02\x02\x02>9');
    expect(body.ended).toBe(true);
    expect(ends).toEqual([{ lost: [], broken: false }]);
  });

  it('gives records back to the session once the kernel has them', () => {
    const { body, stream, outbox } = setUp();
    const record = recordOf(1, 3);
    outbox.put([record]);
    stream.send(outbox);
    expect(record.done).toBe(0);
    for (const written of body.unwritten) written();
    expect(record.done).toBe(1);
  });

  it('ends before it becomes too long, and leaves the rest', () => {
    const { body, ends, stream, outbox } = setUp(60_000, 10_000);
    outbox.put([recordOf(1, 4000), recordOf(2, 4000), recordOf(3, 4000)]);
    expect(stream.send(outbox)).toBe(8000);
    expect(ends).toEqual([{ lost: [], broken: false }]);
    expect(Buffer.concat(body.got).length).toBeLessThanOrEqual(10_000);
    expect([body.ended, outbox.bytes, stream.send(outbox)]).toEqual([true, 4000, 0]);
  });

  it('takes one record that is longer than it may be: nothing else will do', () => {
    const { stream, outbox } = setUp(60_000, 10_000);
    outbox.put([recordOf(1, 20_000), recordOf(2, 10)]);
    expect(stream.send(outbox)).toBe(20_000);
    expect(outbox.bytes).toBe(10);
  });

  it('still knows what of it is under way when it has ended, and when that seems lost', () => {
    const { clock, stream, outbox } = setUp();
    const [one, two] = [recordOf(1, 3), recordOf(2, 4)];
    outbox.put([one, two]);
    stream.send(outbox);
    expect(stream.tailBytes).toBe(0);
    stream.end();
    one.retired = true;
    expect([stream.tailBytes, stream.isLost(clock.now())]).toEqual([4, false]);
    clock.advance(2100);
    expect(stream.isLost(clock.now())).toBe(true);
    expect(stream.takeLost()).toEqual([two]);
    expect([stream.tailBytes, stream.isLost(clock.now())]).toEqual([0, false]);
  });

  it('takes no more while the kernel is full', () => {
    const { body, stream, outbox } = setUp();
    body.backlog = 600 << 10;
    outbox.put([recordOf(1, 3)]);
    expect(stream.send(outbox)).toBe(0);
    expect(outbox.bytes).toBe(3);
  });

  it('ends after the hold, and sooner when nothing is sent', () => {
    const { clock, body, stream, outbox } = setUp(9000);
    const record = recordOf(1, 1);
    for (let i = 0; i < 8; i++) {
      record.retired = true;
      outbox.put([record]);
      stream.send(outbox);
      clock.advance(1000);
    }
    expect(body.ended).toBe(false);
    clock.advance(1000);
    expect(body.ended).toBe(true);
    const idle = setUp();
    idle.clock.advance(3900);
    expect(idle.body.ended).toBe(false);
    idle.clock.advance(700);
    expect(idle.body.ended).toBe(true);
    expect(idle.clock.pending).toBe(0);
  });

  it('is given up when nothing is acknowledged; what is not comes back, ready to be sent again', () => {
    const { clock, body, ends, stream, outbox } = setUp();
    const [first, second, control] = [recordOf(1, 3), recordOf(2, 4), recordOf(3, 5, false)];
    outbox.put([first, second, control]);
    stream.send(outbox);
    clock.advance(1600);
    first.retired = true;
    clock.advance(1900);
    expect(ends).toEqual([]);
    clock.advance(1000);
    expect(ends).toEqual([{ lost: [second], broken: true }]);
    expect([first.handed, second.handed, control.handed]).toEqual([0, 1, 0]);
    expect(body.ended).toBe(false);
    stream.end();
    expect(body.ended).toBe(false);
  });

  it('that has ended and did not arrive gives back what is not acknowledged', () => {
    const { stream, outbox } = setUp();
    const [first, second] = [recordOf(1, 3), recordOf(2, 4)];
    outbox.put([first, second]);
    stream.send(outbox);
    stream.end();
    first.retired = true;
    expect(stream.takeLost()).toEqual([second]);
    expect(stream.takeLost()).toEqual([]);
  });
});
