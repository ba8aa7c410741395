import { CulvertError } from '../base/errors.ts';
import type { Carrier } from '../carrier/carrier.ts';
import type { AttachMode } from '../wire/control.ts';

/** Answers that may wait in a full carrier. An honest peer has a few echoes under way at a time. */
const MAX_WAITING_PONGS = 256;

/** The carriers attached to a session, and which of them may be used. */
export class CarrierSet {
  private readonly most: number;
  private readonly carriers = new Set<Carrier>();
  /** Further ones that the peer knows and that carry nothing before they are chosen. */
  private readonly onProbation = new WeakSet<Carrier>();
  /** PINGs answered on each since it last had room. */
  private readonly pongs = new WeakMap<Carrier, number>();
  /** Number of the newest ATTACH: what was sent before it and comes late decides nothing. */
  private choiceSeq = -1;
  private ended = false;
  private onGone: () => void = () => {};
  /** Resolves once the session has ended and none lingers. */
  readonly gone = new Promise<void>((resolve) => {
    this.onGone = resolve;
  });

  constructor(most: number) {
    this.most = most;
  }

  get size(): number {
    return this.carriers.size;
  }

  has(carrier: Carrier): boolean {
    return this.carriers.has(carrier);
  }

  list(): Carrier[] {
    return [...this.carriers];
  }

  /** Of those not in use the one goes that was silent longest, where there are too many. */
  add(carrier: Carrier, active: Carrier | undefined, onProbation: boolean): void {
    if (this.carriers.size >= this.most) {
      const idle = this.list().filter((each) => each !== active);
      idle.sort((a, b) => a.heardAt - b.heardAt);
      idle[0]?.destroy(new CulvertError('ERR_LIMIT', 'made room for a newer carrier'));
    }
    this.carriers.add(carrier);
    if (onProbation) this.onProbation.add(carrier);
  }

  /** False when it was not there. */
  delete(carrier: Carrier): boolean {
    const found = this.carriers.delete(carrier);
    if (this.ended) this.end();
    return found;
  }

  /** Some have yet to say to the peer that the session is over. */
  get linger(): boolean {
    return this.list().some((carrier) => carrier.lingers);
  }

  /** The session has ended. */
  end(): void {
    this.ended = true;
    if (!this.linger) this.onGone();
  }

  isOnProbation(carrier: Carrier): boolean {
    return this.onProbation.has(carrier);
  }

  /** It passed. */
  use(carrier: Carrier): void {
    this.onProbation.delete(carrier);
  }

  /** Whether a PING on it is answered: what waits for a peer that pings and does not read has to stay bounded. */
  mayAnswer(carrier: Carrier): boolean {
    const waiting = carrier.writable ? 0 : (this.pongs.get(carrier) ?? 0) + 1;
    this.pongs.set(carrier, waiting);
    return waiting <= MAX_WAITING_PONGS;
  }

  /** It has room again: its peer reads. */
  hasRoom(carrier: Carrier): void {
    this.pongs.delete(carrier);
  }

  /** Of those that may be used, the one heard of last. */
  freshest(): Carrier | undefined {
    let best: Carrier | undefined;
    for (const each of this.carriers) {
      if (!this.onProbation.has(each) && (best === undefined || each.heardAt > best.heardAt)) best = each;
    }
    return best;
  }

  /** Whether an ATTACH chooses its carrier: it is no probe, and no newer one came before it. */
  isNewChoice({ mode, seq }: { mode: AttachMode; seq: number }): boolean {
    if (mode === 'probe' || seq < this.choiceSeq) return false;
    this.choiceSeq = seq;
    return true;
  }

  destroyOthers(kept: Carrier): void {
    const reason = new CulvertError('ERR_CARRIER_LOST', 'another carrier took its place');
    for (const other of this.list()) if (other !== kept) other.destroy(reason);
  }
}
