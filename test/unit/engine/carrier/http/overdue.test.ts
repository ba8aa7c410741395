import { describe, expect, it } from 'vitest';
import type { ClientRequest } from '../../../../../src-main/engine/carrier/http/client-request.ts';
import { Overdue } from '../../../../../src-main/engine/carrier/http/overdue.ts';
import { PathRate } from '../../../../../src-main/engine/carrier/http/rate.ts';
import { SEEN } from '../../../../../src-main/engine/wire/poll.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';

function setUp() {
  const clock = new FakeClock();
  const inFlight = new Map<number, ClientRequest>();
  const cut: string[] = [];
  const send = (number: number, given: Partial<ClientRequest> = {}): ClientRequest => {
    const [sentAt, holdMs] = [clock.now(), 8000];
    const fields = {
      number,
      bytes: 0,
      open: [...inFlight.keys()],
      sentAt,
      holdMs,
      transferMs: 0,
      unseen: false,
      fresh: false,
      overtaken: false,
      deadline: (graceMs: number): number => sentAt + holdMs + graceMs,
      lane: { abort: (error: Error) => cut.push(`${number}: ${error.message}`) },
      ...given,
    };
    const request = fields as unknown as ClientRequest;
    inFlight.set(number, request);
    return request;
  };
  return { clock, inFlight, cut, send, overdue: new Overdue(inFlight, new PathRate(clock), clock) };
}

const answer = { request: 2, bytes: 0, heldMs: 0, more: false, gone: false, apart: false };

describe('Overdue', () => {
  it('gives up a request that the server has not seen while later ones were answered', () => {
    const { clock, cut, send, overdue } = setUp();
    send(1);
    clock.advance(100);
    overdue.learn(send(2), { ...answer, seen: [SEEN.missing] });
    clock.advance(500);
    overdue.check();
    expect(cut).toEqual([]);
    clock.advance(1000);
    overdue.check();
    expect(cut).toEqual(['1: a request did not reach the server']);
  });

  it('waits much less for the first request of a connection after a cut, and by itself', () => {
    const { clock, inFlight, cut, send, overdue } = setUp();
    overdue.shaken();
    send(1, { fresh: true });
    send(2, { fresh: false });
    send(3, { fresh: true, transferMs: 200 });
    clock.advance(5);
    overdue.learn(send(4), { ...answer, seen: [SEEN.missing, SEEN.missing, SEEN.missing] });
    clock.advance(50);
    expect(cut).toEqual([]);
    // Neither the one on a connection that was there, nor yet the one with much to carry.
    clock.advance(10);
    expect(cut).toEqual(['1: a request did not reach the server']);
    inFlight.delete(1);
    clock.advance(90);
    expect(cut.length).toBe(1);
    clock.advance(10);
    expect(cut.slice(1)).toEqual(['3: a request did not reach the server']);
    overdue.stop();
  });

  it('does not hurry long after a cut', () => {
    const { clock, cut, send, overdue } = setUp();
    overdue.shaken();
    clock.advance(2_500);
    send(1, { fresh: true });
    overdue.learn(send(2), { ...answer, seen: [SEEN.missing] });
    clock.advance(900);
    overdue.check();
    expect(cut).toEqual([]);
  });

  it('leaves alone what the server holds', () => {
    const { clock, cut, send, overdue } = setUp();
    send(1);
    clock.advance(3000);
    overdue.learn(send(2), { ...answer, seen: [SEEN.held] });
    clock.advance(3000);
    overdue.check();
    expect(cut).toEqual([]);
  });

  it('gives up an answer that left the server and does not come', () => {
    const { clock, cut, send, overdue } = setUp();
    send(1);
    overdue.learn(send(2), { ...answer, seen: [SEEN.answered] });
    clock.advance(3900);
    overdue.check();
    expect(cut).toEqual([]);
    clock.advance(200);
    overdue.check();
    expect(cut).toEqual(['1: an answer of the server did not arrive']);
  });

  it('waits for an answer no longer than the hold and some grace', () => {
    const { clock, cut, send, overdue } = setUp();
    send(1);
    clock.advance(17_900);
    overdue.check();
    expect(cut).toEqual([]);
    clock.advance(200);
    overdue.check();
    expect(cut).toEqual(['1: a request was not answered in time']);
  });

  it('says of what it gave up that it was overtaken: the path is not to be blamed', () => {
    const { clock, send, overdue } = setUp();
    const first = send(1);
    overdue.learn(send(2), { ...answer, seen: [SEEN.missing] });
    expect(first.overtaken).toBe(false);
    clock.advance(1500);
    overdue.check();
    expect(first.overtaken).toBe(true);
  });

  it('counts and gives up what streams that have ended left behind', () => {
    const { clock, send, overdue } = setUp();
    const why: string[] = [];
    const upload = { tailBytes: 50_000, isLost: (now: number) => now > 5000 } as ClientRequest['upload'];
    send(1, { upload, giveUp: (text) => why.push(text) });
    send(2, { bytes: 60_000, transferMs: 400 });
    expect(overdue.uploads).toEqual({ bytes: 110_000, count: 2 });
    overdue.check();
    expect(why).toEqual([]);
    clock.advance(6000);
    overdue.check();
    expect(why).toEqual(['a streamed request does not arrive']);
  });

  it('counts bodies on their way, but not those that take far too long', () => {
    const { clock, send, overdue } = setUp();
    send(1, { bytes: 100 });
    send(2, { bytes: 50_000, transferMs: 400 });
    send(3, { bytes: 70_000, transferMs: 4000 });
    expect(overdue.uploads).toEqual({ bytes: 120_000, count: 2 });
    clock.advance(1500);
    expect(overdue.uploads).toEqual({ bytes: 70_000, count: 1 });
  });
});
