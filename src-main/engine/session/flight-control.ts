import { RECORD_KIND } from '../crypto/record.ts';
import type { RecordOpener } from '../crypto/record-opener.ts';
import { RecordReader } from '../crypto/record-reader.ts';
import { type Control, decodeControl } from '../wire/control.ts';
import type { ReplayWindow } from './replay-window.ts';

/** What leads a request to a session. `seq`: its number among the control records, which tells what is newer. */
export type FlightControl = Extract<Control, { type: 'attach' | 'poll' }> & { readonly seq: number };

/** Reads an ATTACH or a POLL at the head of a request. Undefined: it does not verify or was seen before. */
export function readFlightControl(
  opener: RecordOpener,
  window: ReplayWindow,
  flight: Buffer,
): FlightControl | undefined {
  let found: FlightControl | undefined;
  const reader = new RecordReader(opener, {
    wants: (kind, seq) => kind === RECORD_KIND.control && window.fresh(seq),
    onRecord: (_kind, seq, pieces) => {
      const control = decodeControl(Buffer.concat(pieces));
      if (!window.accept(seq)) return;
      if (control.type === 'attach' || control.type === 'poll') found = { ...control, seq };
    },
  });
  try {
    reader.push(flight);
  } catch {
    return undefined;
  }
  return reader.atBoundary ? found : undefined;
}
