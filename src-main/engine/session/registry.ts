import type { Clock, Timer } from '../base/clock.ts';
import { CulvertError } from '../base/errors.ts';
import type { UserKey } from '../crypto/keys.ts';
import type { Session } from './session.ts';

interface Entry {
  readonly session: Session;
  readonly user: UserKey;
  expiry: Timer | undefined;
  detachedAt: number;
}

export interface RegistryLimits {
  maxSessions: number;
  detachedMs: number;
}

/** The sessions a server keeps. One without a carrier is kept for `detachedMs`, then it ends. */
export class SessionRegistry {
  private readonly entries = new Map<string, Entry>();
  private readonly limits: RegistryLimits;
  private readonly clock: Clock;

  constructor(limits: RegistryLimits, clock: Clock) {
    this.limits = limits;
    this.clock = clock;
  }

  get size(): number {
    return this.entries.size;
  }

  /** False when the table is full of attached sessions; the one detached longest makes room otherwise. */
  add(session: Session, user: UserKey): boolean {
    if (this.entries.size >= this.limits.maxSessions && !this.evict()) return false;
    this.entries.set(session.id.toString('latin1'), { session, user, expiry: undefined, detachedAt: 0 });
    return true;
  }

  get(id: Buffer): { session: Session; user: UserKey } | undefined {
    return this.entries.get(id.toString('latin1'));
  }

  remove(session: Session): void {
    const name = session.id.toString('latin1');
    this.entries.get(name)?.expiry?.cancel();
    this.entries.delete(name);
  }

  attached(session: Session): void {
    const entry = this.entries.get(session.id.toString('latin1'));
    entry?.expiry?.cancel();
    if (entry !== undefined) entry.expiry = undefined;
  }

  detached(session: Session): void {
    const entry = this.entries.get(session.id.toString('latin1'));
    if (entry === undefined || entry.expiry !== undefined) return;
    entry.detachedAt = this.clock.now();
    entry.expiry = this.clock.after(this.limits.detachedMs, () =>
      session.destroy(
        new CulvertError(
          'ERR_SESSION_LOST',
          `the client was away for ${Math.round(this.limits.detachedMs / 1000)} s`,
        ),
      ),
    );
  }

  list(): Array<{ session: Session; user: UserKey }> {
    return [...this.entries.values()];
  }

  private evict(): boolean {
    let oldest: Entry | undefined;
    for (const entry of this.entries.values()) {
      if (entry.expiry !== undefined && (oldest === undefined || entry.detachedAt < oldest.detachedAt))
        oldest = entry;
    }
    if (oldest === undefined) return false;
    oldest.session.destroy(new CulvertError('ERR_LIMIT', 'made room for a newer session'));
    this.remove(oldest.session);
    return true;
  }
}
