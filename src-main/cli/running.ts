import type { Logger } from '../engine/index.ts';

/** What a server or client needs of the terminal. */
export interface Terminal {
  readonly log: Logger;
  /** A line on stdout for the person, unless it is to be quiet. */
  say(text: string): void;
  /** A line on stdout that cannot be left out, such as a key that was made. */
  insist(text: string): void;
}

/** A server or client at work. */
export interface Running {
  /** Forwarded connections that are open. */
  connections(): number;
  /** The counters, one text per line; `seconds` have passed since the last call. */
  statistics(seconds: number): string[];
  /** Takes nothing new, lets what is open finish for a while, then ends. */
  close(): Promise<void>;
}
