import type { Clock } from '../../base/clock.ts';
import { MODE, type Mode, PROBE_GAP_MS, UNTOLD } from '../../wire/poll.ts';
import type { CarrierEvents, CarrierRecord } from '../carrier.ts';
import type { ClientRequest } from './client-request.ts';
import type { LanePool } from './lane-pool.ts';
import { MAX_LANES } from './limits.ts';
import type { Outbox } from './outbox.ts';
import type { Path } from './path.ts';
import { type BodyStream, RecordStream } from './record-stream.ts';
import type { RequestTable } from './request-table.ts';

/** A streamed answer is followed by the next one after this share of the time it may last, so that they overlap. */
const RENEW_AT = 0.75;
/** Streamed requests under way: one that takes data, and those that have ended and are not answered yet. */
const MAX_UPLOADS = 6;

export interface ClientStreamsOptions {
  table: RequestTable;
  lanes: LanePool;
  path: Path;
  clock: Clock;
  outbox: Outbox;
  events: () => CarrierEvents | undefined;
  schedule: () => void;
}

/**
 * Streams of the client's end: tries whether the path hands on bodies as they come, and where it does keeps one
 * answer open, and one request, while there is something to carry. Plain requests go on beside them, so that a path
 * that changes its mind costs time and nothing else.
 */
export class ClientStreams {
  private readonly options: ClientStreamsOptions;
  private upload: RecordStream | undefined;

  constructor(options: ClientStreamsOptions) {
    this.options = options;
  }

  /** Hands over what an open request can take, and the next where that is full. True: the rest waits for it. */
  send(): boolean {
    const { path, outbox } = this.options;
    while (this.upload !== undefined) {
      path.up.moved(this.upload.send(outbox));
      if (this.upload !== undefined) return true;
      if (!outbox.isEmpty) this.beginUpload();
    }
    return false;
  }

  private beginUpload(): void {
    const { table, path } = this.options;
    if (!path.streamsUp.works || this.upload !== undefined) return;
    let [count, bytes] = [0, 0];
    for (const { mode, upload } of table.inFlight.values()) {
      if (mode !== MODE.up) continue;
      // Its connection is being made.
      if (upload === undefined) return;
      count++;
      bytes += upload.tailBytes;
    }
    // On a slow path they would only take each other's time.
    if (count < MAX_UPLOADS && bytes < path.up.window(path.bodyLimit)) this.begin(MODE.up, path.hold.ms);
  }

  /** Begins what is due. */
  keep(): void {
    const { path, table, clock } = this.options;
    if (path.health.doubtful) return;
    const { streamsDown, streamsUp } = path;
    if (path.down.isBusy) {
      if (streamsDown.isDue) this.begin(MODE.tryDown, 0);
      else if (streamsDown.works) {
        const last = table.newest(MODE.down);
        if (last === undefined || clock.now() - last.sentAt > last.holdMs * RENEW_AT)
          this.begin(MODE.down, path.hold.ms);
      }
    }
    if (path.up.isBusy) {
      if (streamsUp.isDue) this.begin(MODE.tryUp, 0);
      else this.beginUpload();
    }
  }

  private begin(mode: Mode, holdMs: number): void {
    const { lanes, table, path } = this.options;
    const events = this.options.events();
    const lane = lanes.free(MAX_LANES);
    if (lane === undefined || events === undefined) return;
    if (mode === MODE.tryDown) path.streamsDown.begin();
    if (mode === MODE.tryUp) path.streamsUp.begin();
    table.post(lane, events, { mode, holdMs });
  }

  /** The connection of a streamed request takes its body now. */
  opened(request: ClientRequest, body: BodyStream): void {
    const { clock, outbox, path, schedule } = this.options;
    const first = this.block(request, UNTOLD);
    if (request.mode === MODE.tryUp) {
      body.write([first], () => {});
      clock.after(PROBE_GAP_MS, () => {
        body.write([this.block(request, first.length)], () => {});
        body.end();
      });
      return;
    }
    const upload: RecordStream = new RecordStream({
      body,
      first,
      last: (bytes) => this.block(request, bytes),
      holdMs: request.holdMs,
      maxBytes: path.streamLength.bytes,
      clock,
      onEnd: (lost: CarrierRecord[], broken) => {
        if (this.upload === upload) this.upload = undefined;
        outbox.putBack(lost);
        if (broken) request.giveUp('a streamed request does not arrive');
        schedule();
      },
    });
    request.upload = upload;
    this.upload = upload;
    schedule();
  }

  /** No more of them. */
  end(): void {
    this.upload?.end();
  }

  private block(request: ClientRequest, bytes: number): Buffer {
    const answer = { request: request.number, bytes, heldMs: 0, more: false, gone: false, apart: false };
    return this.options.events()?.seal({ type: 'answer', ...answer, seen: [] }) ?? Buffer.alloc(0);
  }
}
