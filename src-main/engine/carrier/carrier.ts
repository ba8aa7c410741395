import type { CulvertError } from '../base/errors.ts';
import type { CarrierControl } from '../wire/poll.ts';

export type CarrierKind = 'ws' | 'http' | 'kcp';

/** A record as a carrier sees it: opaque bytes, cut anywhere. */
export interface CarrierRecord {
  readonly seq: number;
  readonly parts: readonly Buffer[];
  readonly bytes: number;
  /** Sent again until the peer has it. */
  readonly reliable: boolean;
  /** The peer said that it has it: its parts may be gone. */
  readonly retired: boolean;
  /** It may overtake others, and is wanted there before them. A carrier that keeps the order is right too. */
  readonly urgent?: boolean;
  /** The carrier sends it once more: another `written` will follow. */
  handedOver(): void;
  /**
   * To be called once for each `send`, when its parts have left the process (the kernel has them). A carrier that
   * cannot tell does not call it; calling it early would send freed memory.
   */
  written(): void;
}

/** One ordered flow of bytes made of whole records. */
export interface Flow {
  /** Throws when the bytes are not from the peer; the carrier then closes itself with that error. */
  push(chunk: Buffer): void;
}

/** What a carrier tells the session above it. */
export interface CarrierEvents {
  /** A new ordered flow begins: once for a WebSocket, once a body for HTTP. */
  openFlow(): Flow;
  /** `writable`, or `urgentWritable`, went from false to true. */
  onWritable(): unknown;
  /** Something on the path failed. It goes on, by other connections of its own; others may be faster. */
  onDoubt?(): void;
  /** Gone, for whatever reason. Called once; nothing follows. */
  onClose(reason: CulvertError): void;
  /**
   * Seals a record of the carrier's own, with random padding; legal after the session's end too. A POLL comes with
   * the block in front by which the server finds the session.
   */
  seal(control: CarrierControl): Buffer;
}

export interface CarrierStats {
  /** Bytes on the wire as far as this side knows, framing included. */
  sent: number;
  received: number;
}

/** A dumb pipe of sealed records. Knows nothing of streams, numbers or keys. */
export interface Carrier {
  readonly kind: CarrierKind;
  /** Where it goes, for logs: never a secret. */
  readonly label: string;
  readonly stats: CarrierStats;
  /** Whether it takes more without queueing beyond its cap. `send` is legal all the same, for control records. */
  readonly writable: boolean;
  /**
   * Whether it takes more urgent records, whatever `writable` says; it tells by `onWritable` when it does again.
   * Absent = it sends them like all others.
   */
  readonly urgentWritable?: boolean;
  /** Bytes accepted by `send` and still in this process. */
  readonly buffered: number;
  /** Wall of silence: time of the last byte heard, on the monotonic clock (ms). */
  readonly heardAt: number;
  /** Silence that means nothing, ms: the time between two signs of life of an idle path. Absent = none is normal. */
  readonly quietMs?: number;
  /**
   * Round trip by which the windows of streams are judged, ms, where the shortest echo is no measure: a window may
   * grow while it is used up within about this. Absent = the shortest echo.
   */
  readonly windowRttMs?: number;
  /** Longest record it can take, bytes; absent = any. */
  readonly maxRecordBytes?: number;
  /** What it found out about its path, by name: for people. Times in ms, sizes in bytes. */
  readonly learnt?: Readonly<Record<string, number | string | boolean | undefined>>;
  /** A record of the carrier's own, sealed `recordBytes` long, arrived in the flow that is being pushed to. */
  onControl?(control: CarrierControl, recordBytes: number): void;
  /** Starts delivering. Bytes that came before are delivered first. */
  start(events: CarrierEvents): void;
  /** Sends the records of one flush together, in order. */
  send(records: readonly CarrierRecord[]): void;
  /** Sends what is queued, then ends. Idempotent. */
  close(): void;
  /**
   * Instead of `close`: says `last` to the peer, whatever else is under way or waits, then ends. It may have to wait for
   * the peer to come for it, for a time of its own. Absent: `send` and `close` do as much.
   */
  closeWith?(last: CarrierRecord): void;
  /** Closed, and what was to be said last is not out yet. Absent: never. */
  readonly lingers?: boolean;
  /** Ends at once. Idempotent; `onClose` is called with `error`. */
  destroy(error: CulvertError): void;
}
