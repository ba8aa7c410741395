import type { Ranges } from './number-ranges.ts';
import type { RateSample } from './rate-model.ts';

/** A datagram that asked for acknowledgement. */
export interface SentDatagram<T> {
  readonly number: number;
  readonly sample: RateSample;
  /** What was in it. */
  readonly load: readonly T[];
  /** A trial of a larger size: its loss says nothing about the path's rate. */
  readonly trial: boolean;
  state: 'out' | 'acked' | 'lost';
}

/** Later datagrams that must have arrived before an earlier one counts as lost (RFC 9002 §6.1.1) ... */
const REORDER_START = 3;
/** ... and as far as it grows when datagrams turn up after all. */
const REORDER_MOST = 64;
/** Or it is older than the round trip by this factor (RFC 9002 §6.1.2). */
const LATE = 9 / 8;
/** Least lateness, ms: the grain of timers. */
const GRAIN_MS = 2;

export interface AckResult<T> {
  /** Newly acknowledged, oldest first. */
  acked: SentDatagram<T>[];
  lost: SentDatagram<T>[];
  /** Of the newest one, when that is new, ms; the peer's delay is taken off. */
  rtt: number | undefined;
}

/**
 * What is under way, by the number of its datagram, and which of it is lost (RFC 9002 §6.1, RFC 8985). Every datagram
 * has a number of its own, also when it repeats segments, so that an acknowledgement always tells which copy arrived.
 */
export class SentLog<T> {
  inFlight = 0;
  /** Datagrams under way. */
  count = 0;
  newestAcked = -1;
  /** Turned up although they had been given up for lost, ever. */
  spurious = 0;
  private reorder = REORDER_START;
  private entries: Array<SentDatagram<T> | undefined> = [];
  /** Number of the first entry. */
  private base = 0;
  /** When the oldest doubtful datagram counts as lost. */
  lossAt: number | undefined;

  /** Numbers only rise; those left out asked for nothing. */
  add(entry: SentDatagram<T>): void {
    if (this.entries.length === 0) this.base = entry.number;
    while (this.base + this.entries.length < entry.number) this.entries.push(undefined);
    this.entries.push(entry);
    this.inFlight += entry.sample.bytes;
    this.count++;
  }

  acknowledge(ranges: Ranges, delayMs: number, roundTrip: number, now: number): AckResult<T> {
    const acked: SentDatagram<T>[] = [];
    const end = this.base + this.entries.length;
    let rtt: number | undefined;
    for (let r = ranges.length - 1; r >= 0; r--) {
      const [from, to] = ranges[r];
      for (let n = Math.max(from, this.base); n < Math.min(to, end); n++) {
        const entry = this.entries[n - this.base];
        if (entry === undefined || entry.state === 'acked') continue;
        if (entry.state === 'out') {
          this.inFlight -= entry.sample.bytes;
          this.count--;
        } else {
          this.spurious++;
          this.reorder = Math.min(REORDER_MOST, Math.max(this.reorder + 1, this.newestAcked - n + 1));
        }
        entry.state = 'acked';
        acked.push(entry);
        if (n > this.newestAcked) {
          this.newestAcked = n;
          const whole = now - entry.sample.sentAt;
          rtt = Math.max(whole - delayMs, Math.min(whole, 0.01));
        }
      }
    }
    return { acked, lost: this.findLost(roundTrip, now), rtt };
  }

  /** Those that count as lost by now; to be called when `lossAt` has come too. */
  findLost(roundTrip: number, now: number): SentDatagram<T>[] {
    const lost: SentDatagram<T>[] = [];
    const patience = Math.max(roundTrip * LATE, roundTrip + GRAIN_MS);
    this.lossAt = undefined;
    const last = Math.min(this.newestAcked - this.base, this.entries.length);
    for (let i = 0; i < last; i++) {
      const entry = this.entries[i];
      if (entry?.state !== 'out') continue;
      const dueAt = entry.sample.sentAt + patience;
      if (this.newestAcked - entry.number >= this.reorder || dueAt <= now) {
        this.give(entry);
        lost.push(entry);
      } else this.lossAt = Math.min(this.lossAt ?? dueAt, dueAt);
    }
    this.trim(now - 2 * patience);
    return lost;
  }

  /** Gives up all that is under way: for so long nothing came back that nothing is expected any more. */
  loseAll(): SentDatagram<T>[] {
    const lost: SentDatagram<T>[] = [];
    for (const entry of this.entries) {
      if (entry?.state !== 'out') continue;
      this.give(entry);
      lost.push(entry);
    }
    return lost;
  }

  private give(entry: SentDatagram<T>): void {
    entry.state = 'lost';
    this.inFlight -= entry.sample.bytes;
    this.count--;
  }

  /** Forgets what is settled; lost ones a while later, as they may turn up. */
  private trim(before: number): void {
    let done = 0;
    for (const entry of this.entries) {
      if (entry !== undefined) {
        if (entry.state === 'out') break;
        if (entry.state === 'lost' && entry.sample.sentAt > before) break;
      }
      done++;
    }
    if (done < 64 && done < this.entries.length) return;
    this.entries.splice(0, done);
    this.base += done;
  }
}
