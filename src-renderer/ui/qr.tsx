import { encode } from 'uqr';
import { MAX_QR_BYTES } from '../../src-shared/limits.ts';

/** Whether a text fits a QR code. */
export function fitsQr(text: string): boolean {
  return new TextEncoder().encode(text).length <= MAX_QR_BYTES;
}

/** A QR code, dark on light in every theme, since many cameras do not read the reverse. */
export function Qr({ text, label }: { readonly text: string; readonly label: string }) {
  const { data, size } = encode(text, { ecc: 'L', border: 2 });
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return (
    <svg
      className="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
