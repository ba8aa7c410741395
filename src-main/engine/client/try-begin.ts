import { CulvertError, describeError } from '../base/errors.ts';
import type { Carrier } from '../carrier/carrier.ts';
import { ClientFlight, type SessionGrant } from '../session/client-flight.ts';
import type { Candidate, CarryResult } from './carry.ts';
import { type ClientSession, type DialContext, makeClientSession } from './client-session.ts';
import type { TryResult } from './round.ts';

export interface Begun extends ClientSession {
  readonly carrier: Carrier;
  /** Undefined: no echo was asked for. */
  readonly rttMs: number | undefined;
}

export interface BeginOptions {
  context: DialContext;
  server: string;
  clockOffsetMs: number;
  /** The carrier has to pass an authenticated echo; else the handshake will do, as there is no other choice. */
  needsEcho: boolean;
}

/** Asks for a new session over one candidate. Cancelled, it is given back. */
export function tryBegin(
  options: BeginOptions,
  candidate: Candidate,
  done: (result: TryResult<Begun>) => void,
): { cancel(): void } {
  const { config, clock, random, key } = options.context;
  const abort = new AbortController();
  let made: ClientSession | undefined;
  let over = false;
  const finish = (result: TryResult<Begun>): void => {
    if (over) return;
    over = true;
    done(result);
  };
  const fail = (error: CulvertError): void => finish({ kind: 'error', error });
  const flight = new ClientFlight({
    key,
    clock,
    random,
    clockOffsetMs: options.clockOffsetMs,
    windowBytes: config.initialWindowBytes,
    receiveBytes: config.receiveBufferBytes,
  });
  const opened = (result: CarryResult): void => {
    if (result.kind !== 'open') return finish(result.kind === 'answer' ? answered(result) : result);
    const { carrier, replies } = result;
    const grant = over ? undefined : firstGrant(flight, replies);
    if (grant === undefined) {
      const error = over ? unwanted() : notCulvert(options.server);
      carrier.destroy(error);
      return fail(error);
    }
    made = makeClientSession(options.context, grant);
    const { session } = made;
    session.watcher = {
      onCarrierLost: (_carrier, reason) => session.destroy(reason),
      onEnd: fail,
    };
    session.attach(carrier, true);
    const begun = { ...made, carrier };
    if (!options.needsEcho) return finish({ kind: 'passed', value: { ...begun, rttMs: undefined } });
    session.echo(carrier, config.connectTimeoutMs, (rttMs) => {
      if (rttMs !== undefined) return finish({ kind: 'passed', value: { ...begun, rttMs } });
      const text = `${carrier.label} let the handshake through and nothing after it`;
      session.destroy(new CulvertError('ERR_CARRIER_TIMEOUT', text));
    });
  };
  candidate
    .carry(flight.first, abort.signal)
    .then(opened)
    .catch((error: unknown) => {
      fail(new CulvertError('ERR_INTERNAL', `connecting failed: ${describeError(error)}`, { cause: error }));
    });
  return {
    cancel() {
      over = true;
      abort.abort();
      made?.session.close();
    },
  };
}

export function answered(result: Extract<CarryResult, { kind: 'answer' }>): TryResult<never> {
  const { kind: _, ...answer } = result;
  return { kind: 'answer', answer };
}

export function unwanted(): CulvertError {
  return new CulvertError('ERR_CLOSED', 'no longer wanted');
}

function firstGrant(flight: ClientFlight, replies: readonly Buffer[]): SessionGrant | undefined {
  for (const reply of replies) {
    const grant = flight.finish(reply);
    if (grant !== undefined) return grant;
  }
  return undefined;
}

function notCulvert(server: string): CulvertError {
  return new CulvertError('ERR_NOT_CULVERT', `${server} answers, but is no Culvert server`, {
    remedy: 'check the address and the port',
  });
}
