/** The embedded server, and *Try it on this machine*. */
import * as z from 'zod';
import { call, nothing, stream } from './contract-base.ts';
import { serverClientsSchema, serverConfigChangeSchema } from './embedded-server.ts';
import { MAX_LINK, MAX_STATS_HZ, MIN_STATS_HZ } from './limits.ts';
import { idSchema, keyTextSchema } from './schema.ts';

export const serverContract = {
  /** Switches on and stays so over restarts. A server without a key gets a generated one first. */
  start: call.output(nothing),
  stop: call.output(nothing),
  /** A running server takes up what needs it by a restart of its listener; sessions stay. */
  configure: call.input(z.strictObject({ change: serverConfigChangeSchema })).output(nothing),
  /** Who is connected is disconnected: the old key is no longer good. */
  setKey: call
    .input(
      z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('generate') }),
        z.strictObject({ kind: z.literal('set'), text: keyTextSchema }),
      ]),
    )
    .output(nothing),
  revealKey: call.output(z.strictObject({ text: keyTextSchema })),
  /** A share link for the server's own address. `host` empty: the configured or first address. */
  pairingLink: call
    .input(z.strictObject({ withKey: z.boolean(), host: z.string().max(253) }))
    .output(z.strictObject({ link: z.string().max(MAX_LINK) })),
  /** All of them, `hz` times a second. */
  clients: call
    .input(z.strictObject({ hz: z.number().min(MIN_STATS_HZ).max(MAX_STATS_HZ) }))
    .output(stream(serverClientsSchema)),
  /** Ends one session and what it carries. It may come back: only a new key keeps it out. */
  disconnect: call.input(z.strictObject({ id: idSchema })).output(nothing),
};

export const tryItContract = {
  /** Answers when the first byte came through, and goes on sending some, so that the graph moves. See `AppState.tryIt`. */
  start: call.output(nothing),
  /** Stops and removes what it made. */
  stop: call.output(nothing),
};
