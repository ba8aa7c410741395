/** Settings, secrets, updates, notices, and what the system tells the host. */
import * as z from 'zod';
import { call, nothing } from './contract-base.ts';
import { idSchema, keyTextSchema } from './schema.ts';
import { settingsChangeSchema } from './settings.ts';

/** Counts up when a page of an older build could no longer speak with a newer host. */
export const CONTRACT_VERSION = 1;

export const systemContract = {
  /** The page's first call: a page that was loaded before the host was updated learns that it must reload. */
  hello: call
    .input(z.strictObject({ contract: z.int().min(1) }))
    .output(z.strictObject({ contract: z.int().min(1), version: z.string().max(64) })),
  /** Round trip of the pipe itself: a page that gets no answer within 2 s shows that the host is gone. */
  ping: call.output(nothing),
  /** The network may have changed: check carriers and try again now. `online` is what the caller knows of it. */
  networkChanged: call.input(z.strictObject({ online: z.boolean().nullable() })).output(nothing),
  /** Opens the system's clock settings. ERR_UNSUPPORTED without the capability. */
  openClockSettings: call.output(nothing),
  dismissNotice: call.input(z.strictObject({ id: idSchema })).output(nothing),
};

export const settingsContract = {
  /** Saves the given fields. ERR_UNSUPPORTED for one that this host has no use for. */
  change: call.input(z.strictObject({ change: settingsChangeSchema })).output(nothing),
};

export const secretsContract = {
  /** Opens what a passphrase seals. ERR_BAD_PASSPHRASE. */
  unlock: call.input(z.strictObject({ passphrase: keyTextSchema })).output(nothing),
  /** Moves all secrets to another store, sealed anew; one for `passphrase` alone. Never loses them on failure. */
  setStore: call
    .input(
      z.discriminatedUnion('store', [
        z.strictObject({ store: z.literal('system') }),
        z.strictObject({ store: z.literal('file') }),
        z.strictObject({ store: z.literal('passphrase'), passphrase: keyTextSchema }),
      ]),
    )
    .output(nothing),
};

export const updateContract = {
  check: call.output(nothing),
  /** Loads what is available; how far it is, is in the state. */
  load: call.output(nothing),
  /** Ends, installs what is ready, and starts again. */
  install: call.output(nothing),
};
