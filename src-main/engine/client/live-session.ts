import type { CulvertError } from '../base/errors.ts';
import type { Carrier } from '../carrier/carrier.ts';
import type { Muxer } from '../mux/muxer.ts';
import type { Session } from '../session/session.ts';
import { Attacher } from './attacher.ts';
import type { CandidateBook } from './candidate-book.ts';
import type { Candidate } from './carry.ts';
import type { ClientSession, DialContext } from './client-session.ts';
import { Mover } from './mover.ts';
import { PathWatch } from './path-watch.ts';

export interface LiveEvents {
  /** The carrier that is about to be used, and why. */
  onChoice(candidate: Candidate, carrier: Carrier, why: string): void;
  /** `carrier` carries the session now. */
  onActive(carrier: Carrier): void;
  onEcho(rttMs: number): void;
  /** The carrier in use stalls since `sinceMs`, or its echo is late by much. */
  onStall(sinceMs: number): void;
  onSlow(rttMs: number): void;
  onWell(): void;
  /** A carrier that was in use, or is being left, is gone. */
  onLost(carrier: Carrier, reason: CulvertError): void;
  onEnd(error: CulvertError): void;
}

/** A session of the client with those who look after its carriers. */
export class LiveSession {
  readonly session: Session;
  readonly mux: Muxer;
  readonly attacher: Attacher;
  private readonly mover: Mover;
  private readonly watch: PathWatch;

  constructor(
    options: DialContext & { server: string },
    made: ClientSession,
    book: CandidateBook,
    events: LiveEvents,
  ) {
    const { session, mux } = made;
    const { clock, log, server, config } = options;
    this.session = session;
    this.mux = mux;
    const attacher = new Attacher(options, session);
    this.attacher = attacher;
    const onMove = events.onChoice.bind(events);
    this.mover = new Mover({
      server,
      session,
      attacher,
      book,
      clock,
      log,
      insistMs: config.insistMs,
      onMove,
    });
    this.watch = new PathWatch({
      session,
      clock,
      stallProbeMs: config.stallProbeMs,
      onEcho: (rttMs) => events.onEcho(rttMs),
      onStall: (sinceMs) => {
        events.onStall(sinceMs);
        this.mover.rescue(sinceMs);
      },
      onSlow: (rttMs) => {
        events.onSlow(rttMs);
        this.mover.relieve(rttMs);
      },
      onWell: () => {
        this.mover.calm();
        events.onWell();
      },
    });
    session.watcher = {
      onActive: (carrier) => events.onActive(carrier),
      onDoubt: (carrier) => this.watch.doubt(carrier),
      onAttached: (carrier) => attacher.onAttached(carrier),
      onCarrierLost: (carrier, reason) => {
        if (!attacher.onLost(carrier, reason)) events.onLost(carrier, reason);
      },
      onEnd: (error) => events.onEnd(error),
    };
  }

  /** `carrier` is in use now. */
  use(candidate: Candidate, carrier: Carrier): void {
    this.watch.reset(carrier);
    this.mover.use(candidate, carrier);
  }

  /** The carrier in use is gone. True when another was on trial that the server has taken: it is used instead. */
  replace(): boolean {
    this.watch.reset(undefined);
    if (this.attacher.hurry()) return true;
    this.mover.stop();
    return false;
  }

  /** The network may be another: the carrier in use has to answer within `deadlineMs`, and a better one is tried. */
  check(deadlineMs: number): void {
    this.watch.check(deadlineMs);
    this.mover.planImprovement();
  }

  /** Other transports are wanted than before. */
  rechoose(leave: boolean): void {
    if (leave) this.mover.leave();
    else this.mover.planImprovement();
  }

  /** Nobody looks after it any more. */
  leave(): void {
    this.session.watcher = {};
    this.mover.stop();
    this.watch.stop();
  }
}
