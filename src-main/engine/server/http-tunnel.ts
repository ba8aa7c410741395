import type { IncomingMessage } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { flightCookie, readFlightCookies } from '../carrier/flight-cookie.ts';
import { type Exchange, writeAnswer } from '../carrier/http/exchange.ts';
import { HttpServerCarrier } from '../carrier/http/http-server.ts';
import type { Admission, Gate } from '../session/gate.ts';
import type { Session } from '../session/session.ts';
import { peerText } from '../wire/inet.ts';
import type { RawHandler, RequestClaim } from './front-hooks.ts';

export interface HttpTunnelOptions {
  gate: Gate;
  makeSession: (admission: Extract<Admission, { kind: 'new' }>) => Session | undefined;
  clock: Clock;
}

interface Live {
  carrier: HttpServerCarrier;
  exchange: Exchange;
}

/**
 * Finds the requests of HTTP carriers by the flight in their cookie; the head alone decides. All else is the cover
 * site's.
 *
 * A flight is valid once, but proxies repeat requests: while the answer to one is not known to have arrived, a
 * repetition gets the same answer. Afterwards it gets what the cover site gives (I1).
 */
export class HttpTunnel {
  private readonly options: HttpTunnelOptions;
  private readonly carriers = new WeakMap<Session, Map<number, HttpServerCarrier>>();
  /** By flight; as many per carrier as it has exchanges. */
  private readonly live = new Map<string, Live>();
  private readonly names = new Map<Exchange, string>();

  constructor(options: HttpTunnelOptions) {
    this.options = options;
  }

  claim(request: IncomingMessage): RequestClaim {
    if (request.method !== 'POST') return false;
    for (const flight of readFlightCookies(request.headers.cookie)) {
      const name = flight.toString('latin1');
      const again = this.live.get(name);
      if (again !== undefined) return this.serve(again);
      const handler = this.admit(flight, name, request);
      if (handler !== undefined) return handler;
    }
    return false;
  }

  private serve({ carrier, exchange }: Live): RawHandler {
    return { serve: (copy) => carrier.serve(exchange, copy) };
  }

  private admit(flight: Buffer, name: string, request: IncomingMessage): RawHandler | undefined {
    const admission = this.options.gate.admit(flight);
    switch (admission?.kind) {
      case undefined:
        return undefined;
      case 'poll': {
        const carrier = this.carriers.get(admission.session)?.get(admission.poll.carrier);
        const exchange = carrier?.accept(admission.poll);
        if (carrier === undefined || exchange === undefined)
          return sayGone(admission.session, admission.poll.request);
        return this.keep(name, carrier, exchange);
      }
      case 'attach': {
        const carrier = this.makeCarrier(admission.session, flight, request);
        const handler = this.keep(name, carrier, carrier.first(undefined));
        // It may end session and carrier, and with them what is kept.
        admission.session.resume(carrier, admission.attach);
        return handler;
      }
      case 'new': {
        const session = this.options.makeSession(admission);
        if (session === undefined) return undefined;
        const carrier = this.makeCarrier(session, flight, request);
        const handler = this.keep(name, carrier, carrier.first(flightCookie(admission.reply)));
        session.attach(carrier, true);
        return handler;
      }
    }
  }

  private keep(name: string, carrier: HttpServerCarrier, exchange: Exchange): RawHandler {
    this.live.set(name, { carrier, exchange });
    this.names.set(exchange, name);
    return this.serve({ carrier, exchange });
  }

  private makeCarrier(session: Session, flight: Buffer, request: IncomingMessage): HttpServerCarrier {
    const id = flight.readUInt32BE(flight.length - 4);
    const carrier = new HttpServerCarrier({
      id,
      label: `HTTP from ${peerText(request.socket)}`,
      clock: this.options.clock,
      onForgotten: (exchange) => {
        const name = this.names.get(exchange);
        if (name !== undefined) this.live.delete(name);
        this.names.delete(exchange);
      },
      onGone: () => this.carriers.get(session)?.delete(id),
    });
    const known = this.carriers.get(session) ?? new Map<number, HttpServerCarrier>();
    known.set(id, carrier);
    this.carriers.set(session, known);
    return carrier;
  }
}

/** The session is there, the carrier is not: the client makes another at once instead of waiting for this one. */
function sayGone(session: Session, number: number): RawHandler {
  return {
    serve: (copy) => ({
      onBody: () => {},
      onEnd: () => {
        const answer = {
          type: 'answer',
          request: number,
          bytes: 0,
          heldMs: 0,
          more: false,
          gone: true,
          apart: false,
        } as const;
        const sealed = session.sealCarrierControl({ ...answer, seen: [] });
        writeAnswer(copy, { parts: [sealed], bytes: sealed.length });
      },
      onClose: () => {},
    }),
  };
}
