import type { Timer } from '../base/clock.ts';
import { CulvertError, describeError } from '../base/errors.ts';
import type { Carrier } from '../carrier/carrier.ts';
import { attachFlight } from '../session/client-flight.ts';
import type { Session } from '../session/session.ts';
import type { AttachMode } from '../wire/control.ts';
import type { Candidate } from './carry.ts';
import type { DialContext } from './client-session.ts';
import type { TryResult } from './round.ts';
import { answered, unwanted } from './try-begin.ts';

export interface Attached {
  readonly carrier: Carrier;
  /** Undefined: no echo was asked for. */
  readonly rttMs: number | undefined;
}

/** A carrier that the server has been asked to take. */
interface Pending {
  taken: boolean;
  onTaken(): void;
  pass(): void;
  onLost(reason: CulvertError): void;
}

/** Tries to attach further carriers to a session. Its owner passes on what the session says of them. */
export class Attacher {
  private readonly context: DialContext;
  private readonly session: Session;
  private readonly pending = new Map<Carrier, Pending>();

  constructor(context: DialContext, session: Session) {
    this.context = context;
    this.session = session;
  }

  /**
   * One try. As a `probe` the carrier has to pass an echo and is not used before it is chosen; otherwise the session
   * goes on over it the moment the server has taken it.
   */
  try(
    candidate: Candidate,
    mode: AttachMode,
    done: (result: TryResult<Attached>) => void,
  ): { cancel(): void } {
    const { session, context } = this;
    const { clock, config } = context;
    const abort = new AbortController();
    let carrier: Carrier | undefined;
    let timer: Timer | undefined;
    let over = false;
    const finish = (result: TryResult<Attached>): void => {
      if (over) return;
      over = true;
      timer?.cancel();
      if (carrier !== undefined) this.pending.delete(carrier);
      done(result);
    };
    const fail = (error: CulvertError): void => finish({ kind: 'error', error });
    const opened = (made: Carrier): void => {
      if (over || session.isEnded) {
        made.destroy(unwanted());
        return fail(unwanted());
      }
      carrier = made;
      const pass = (rttMs?: number): void => finish({ kind: 'passed', value: { carrier: made, rttMs } });
      this.pending.set(made, {
        taken: false,
        pass,
        onTaken: () => {
          if (mode !== 'probe') return pass();
          session.echo(made, config.connectTimeoutMs, (rttMs) => {
            if (rttMs !== undefined) pass(rttMs);
            else made.destroy(new CulvertError('ERR_CARRIER_TIMEOUT', `no echo over ${made.label}`));
          });
        },
        onLost: fail,
      });
      timer = clock.after(config.connectTimeoutMs, () =>
        made.destroy(new CulvertError('ERR_CARRIER_TIMEOUT', 'the server did not take the session up')),
      );
      session.attach(made, false, mode === 'probe');
    };
    const flight = attachFlight(context.key, session.id, session.sealAttach(mode), context.random);
    candidate
      .carry(flight, abort.signal)
      .then((result) => {
        if (result.kind === 'open') opened(result.carrier);
        else finish(result.kind === 'answer' ? answered(result) : result);
      })
      .catch((error: unknown) =>
        fail(
          new CulvertError('ERR_INTERNAL', `connecting failed: ${describeError(error)}`, { cause: error }),
        ),
      );
    return {
      cancel: () => {
        if (over) return;
        over = true;
        timer?.cancel();
        abort.abort();
        if (carrier !== undefined) this.pending.delete(carrier);
        carrier?.destroy(unwanted());
      },
    };
  }

  /** The server has taken a carrier. */
  onAttached(carrier: Carrier): void {
    const found = this.pending.get(carrier);
    if (found === undefined) return;
    found.taken = true;
    found.onTaken();
  }

  /** False when the carrier was none of a try. */
  onLost(carrier: Carrier, reason: CulvertError): boolean {
    const found = this.pending.get(carrier);
    if (found === undefined) return false;
    found.onLost(reason);
    return true;
  }

  /** Without a carrier in use one that the server has taken will do, though it has not passed its echo yet. */
  hurry(): boolean {
    for (const pending of this.pending.values()) {
      if (!pending.taken) continue;
      pending.pass();
      return true;
    }
    return false;
  }
}
