/** Sizes, times and headers as command lines write them. */

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1 << 10, m: 1 << 20, g: 1 << 30 };

/** `1048576`, `64k`, `1.5m`, `1MiB`; every unit a power of 1024. Undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,16}(?:\.\d{1,9})?)\s*([kmg]?)(?:i?b)?(?:\/s)?$/i.exec(text.trim());
  return match === null ? undefined : Math.floor(Number(match[1]) * UNITS[match[2].toLowerCase()]);
}

/** Whole seconds, with or without an `s`. */
export function parseWholeSeconds(text: string): number | undefined {
  const match = /^(\d{1,9})\s*s?$/i.exec(text.trim());
  return match === null ? undefined : Number(match[1]);
}

/** `Name: value` or `Name=value`, whichever separator comes first. */
export function parseHeaderLine(text: string): { name: string; value: string } | undefined {
  const at = text.search(/[:=]/);
  if (at <= 0) return undefined;
  return { name: text.slice(0, at).trim(), value: text.slice(at + 1).trim() };
}
