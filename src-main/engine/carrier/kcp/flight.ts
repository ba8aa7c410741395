/**
 * The piece of a first datagram: `clock u48 (ms, Unix) | first flight`. The clock lets the server tell a fresh flight
 * for a session that is gone, which it may answer, from one that somebody recorded, which gets silence.
 */
const CLOCK_BYTES = 6;

export function writeFlight(flight: Buffer, wall: number): Buffer {
  const out = Buffer.allocUnsafe(CLOCK_BYTES + flight.length);
  out.writeUIntBE(Math.round(wall), 0, CLOCK_BYTES);
  flight.copy(out, CLOCK_BYTES);
  return out;
}

export function readFlight(piece: Buffer): { clock: number; flight: Buffer } | undefined {
  if (piece.length <= CLOCK_BYTES) return undefined;
  return { clock: piece.readUIntBE(0, CLOCK_BYTES), flight: Buffer.from(piece.subarray(CLOCK_BYTES)) };
}
