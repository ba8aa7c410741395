import { HostError } from './failures.ts';
import { formatZeroToOne } from './format-0.ts';

/**
 * What turns format `i` of `config.json` into `i + 1`. A step is frozen once it was released: it works on plain JSON,
 * imports nothing that may change, and is never changed itself, so that what an old file becomes does not depend on
 * when it is opened. Each format has a file in test/support/formats that is never changed either.
 */
export type Migration = (config: Record<string, unknown>) => Record<string, unknown>;
export const MIGRATIONS: readonly Migration[] = [formatZeroToOne];

/** The config after the steps it still needs; undefined: it is none. Throws ERR_NEWER_VERSION. */
export function migrate(
  value: Record<string, unknown>,
  steps: readonly Migration[] = MIGRATIONS,
): Record<string, unknown> | undefined {
  refuseNewer(value, steps.length, 'the configuration');
  // Without a number it must at least look like one.
  const { version = Array.isArray(value.profiles) ? 0 : undefined } = value;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 0) return undefined;
  return steps
    .slice(version)
    .reduce((config, step, index) => ({ ...step(config), version: version + index + 1 }), value);
}

/** Throws ERR_NEWER_VERSION for what a later Culvert wrote: neither broken nor to be written over. */
export function refuseNewer(value: unknown, known: number, what: string): void {
  if (typeof value !== 'object' || value === null || !('version' in value)) return;
  const { version } = value;
  if (typeof version !== 'number' || !Number.isInteger(version) || version <= known) return;
  throw new HostError(
    'ERR_NEWER_VERSION',
    `${what} is of a later version (format ${version}, this Culvert knows ${known})`,
    { remedy: 'update Culvert, or start it with another --data directory' },
  );
}
