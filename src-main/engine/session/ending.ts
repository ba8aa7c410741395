import type { Clock } from '../base/clock.ts';
import { CulvertError } from '../base/errors.ts';
import type { Carrier, CarrierRecord } from '../carrier/carrier.ts';
import type { Session } from './session.ts';

/** Time for a peer to show itself, beside that of its round trips; it is short, as often nobody is there any more. */
const GRACE_MS = 500;
/** Answer and next request, each over a connection of its own. */
const ROUND_TRIPS = 4;
const GRACE_MOST_MS = 2_000;
const LOOK_MS = 10;

export interface EndingOptions {
  clock: Clock;
  /** What is under way is of use: no stream is left that the end cuts. */
  settle: boolean;
  /** How long that may take as long as it gets less, ms. */
  settleMs: number;
  /** This end speaks when it is asked (the server): a peer that has not come by then will not come for the last word. */
  asked: boolean;
}

export type EndingSession = Pick<
  Session,
  'stats' | 'carrier' | 'unacknowledged' | 'close' | 'destroy' | 'lingers' | 'gone'
>;

/**
 * Ends a session in order and waits, for a short time, until the peer can know. A carrier that keeps the order, and has
 * a connection, tells at once. Over HTTP the last word may overtake what is under way, and the server needs a request
 * to say it in.
 */
export async function endInOrder(session: EndingSession, options: EndingOptions): Promise<void> {
  const { clock, settle, asked } = options;
  const graceMs = Math.min(GRACE_MOST_MS, GRACE_MS + ROUND_TRIPS * (session.stats.rttMs ?? 0));
  const hasCome = !settle || (await settled(session, graceMs, options));
  session.close();
  if (session.lingers && (hasCome || !asked)) await Promise.race([session.gone, pause(clock, graceMs)]);
  // What lingers still.
  session.destroy(new CulvertError('ERR_CLOSED', 'nobody came for the last word'));
}

/** Until the peer has all that was sent to it, or takes no more of it. False: it has shown no sign of being there. */
async function settled(
  session: EndingSession,
  graceMs: number,
  { clock, settleMs }: EndingOptions,
): Promise<boolean> {
  const end = clock.now() + settleMs;
  let least = session.unacknowledged;
  let until = Math.min(end, clock.now() + graceMs);
  let hasCome = false;
  while (session.carrier?.closeWith !== undefined && session.unacknowledged > 0) {
    const now = clock.now();
    if (session.unacknowledged < least) {
      least = session.unacknowledged;
      until = Math.min(end, now + graceMs);
      hasCome = true;
    }
    if (now >= until) return hasCome;
    await pause(clock, LOOK_MS);
  }
  return true;
}

/** Has a carrier say `last`, then end. */
export function endWith(carrier: Carrier, last: CarrierRecord): void {
  if (carrier.closeWith !== undefined) return carrier.closeWith(last);
  carrier.send([last]);
  carrier.close();
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}
