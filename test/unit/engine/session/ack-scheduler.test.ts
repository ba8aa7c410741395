import { describe, expect, it } from 'vitest';
import { AckScheduler } from '../../../../src-main/engine/session/ack-scheduler.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

function setUp(connected = true) {
  const clock = new FakeClock();
  const sent: number[] = [];
  const state = { connected };
  const turn = { asked: 0, end: () => acks.isDue && send() };
  const send = (): void => {
    if (!state.connected) return;
    sent.push(clock.now());
    acks.taken();
  };
  const acks: AckScheduler = new AckScheduler({ ackBytes: 1000, ackDelayMs: 20 }, clock, send, () => {
    turn.asked++;
  });
  return { clock, sent, acks, state, turn };
}

describe('AckScheduler', () => {
  it('acknowledges the first record after the delay, and what came meanwhile with it', () => {
    const { clock, sent, acks } = setUp();
    const start = clock.now();
    acks.received(10);
    clock.advance(15);
    acks.received(10);
    clock.advance(4);
    expect(sent).toEqual([]);
    clock.advance(1);
    expect(sent).toEqual([start + 20]);
    clock.advance(1000);
    expect(sent).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('acknowledges at the end of the turn after enough bytes', () => {
    const { clock, sent, acks, turn } = setUp();
    acks.received(600);
    expect(acks.nearlyDue).toBe(true);
    expect([acks.isDue, turn.asked]).toEqual([false, 0]);
    acks.received(600);
    expect([acks.isDue, turn.asked, sent.length]).toEqual([true, 1, 0]);
    turn.end();
    expect(sent).toEqual([clock.now()]);
    expect(acks.nearlyDue).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it('what leaves before the end of the turn takes the ACK along', () => {
    const { clock, sent, acks, turn } = setUp();
    acks.received(1200);
    acks.taken();
    turn.end();
    clock.advance(1000);
    expect(sent).toEqual([]);
  });

  it('an ACK that left with something else is not sent again', () => {
    const { clock, sent, acks } = setUp();
    acks.received(10);
    acks.taken();
    clock.advance(1000);
    expect(sent).toEqual([]);
  });

  it('records without content count too', () => {
    const { sent, acks, turn } = setUp();
    for (let i = 0; i < 1000; i++) acks.received(0);
    turn.end();
    expect(sent).toHaveLength(1);
  });

  it('without a carrier it holds no more than one timer, and goes on afterwards', () => {
    const { clock, sent, acks, state, turn } = setUp(false);
    for (let i = 0; i < 50; i++) {
      acks.received(100);
      turn.end();
      clock.advance(5);
      expect(clock.pending).toBeLessThanOrEqual(1);
    }
    expect(sent).toEqual([]);
    state.connected = true;
    acks.received(1);
    turn.end();
    expect(sent).toHaveLength(1);
  });

  it('stop leaves no timer', () => {
    const { clock, acks, sent } = setUp();
    acks.received(1);
    acks.stop();
    expect(clock.pending).toBe(0);
    clock.advance(100);
    expect(sent).toEqual([]);
  });
});
