/** The embedded server: its configuration, its state, and who is connected. */
import * as z from 'zod';
import { bindHostSchema } from './address.ts';
import { failureSchema } from './errors.ts';
import { MAX_HOST, MAX_SERVER_CLIENTS } from './limits.ts';
import { carrierSchema, DEFAULT_LIMITS, profileLimitsSchema } from './profile.ts';
import { countSchema, idSchema, keyInfoSchema, listenPortSchema, rateSchema, timeSchema } from './schema.ts';
import { pathSchema } from './server-address.ts';

/** What everybody without the key sees. */
export const coverSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({
    kind: z.literal('proxy'),
    url: z
      .string()
      .max(2_048)
      .regex(/^https?:\/\/[^\s@]+$/i),
  }),
  z.strictObject({ kind: z.literal('directory'), directory: z.string().min(1).max(4_096) }),
]);
export type Cover = z.infer<typeof coverSchema>;

export const serverConfigSchema = z.strictObject({
  /** Run whenever the host runs. */
  enabled: z.boolean(),
  bind: z.strictObject({ host: bindHostSchema, port: listenPortSchema.min(1) }),
  /** The host name or address that links give out; empty: the first of `ServerView.addresses`. */
  publicHost: z.union([z.literal(''), bindHostSchema]),
  /** The port that links give out, where a router maps another one; null: the port it listens at. */
  publicPort: listenPortSchema.min(1).nullable(),
  path: pathSchema,
  cover: coverSchema,
  limits: profileLimitsSchema,
});
export type ServerConfig = z.infer<typeof serverConfigSchema>;
export const serverConfigChangeSchema = serverConfigSchema.omit({ enabled: true }).partial();
export type ServerConfigChange = z.infer<typeof serverConfigChangeSchema>;

export const DEFAULT_SERVER_CONFIG: ServerConfig = {
  enabled: false,
  bind: { host: '*', port: 8100 },
  publicHost: '',
  publicPort: null,
  path: '/',
  cover: { kind: 'none' },
  limits: { ...DEFAULT_LIMITS },
};

export const serverStateSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('stopped') }),
  z.strictObject({ kind: z.literal('starting') }),
  z.strictObject({ kind: z.literal('running'), since: timeSchema, port: listenPortSchema }),
  z.strictObject({ kind: z.literal('failed'), failure: failureSchema }),
]);
export type ServerState = z.infer<typeof serverStateSchema>;

/** An address of this machine that others may reach it by. */
export const localAddressSchema = z.strictObject({
  address: z.string().max(MAX_HOST),
  /** The network interface: `eth0`. */
  network: z.string().max(64),
});

/** What the state holds of the embedded server. */
export const serverViewSchema = z.strictObject({
  config: serverConfigSchema,
  state: serverStateSchema,
  key: keyInfoSchema,
  /** The one to give out first. */
  addresses: z.array(localAddressSchema).max(64),
});
export type ServerView = z.infer<typeof serverViewSchema>;

/** One session of somebody who is connected. */
export const serverClientSchema = z.strictObject({
  id: idSchema,
  /** Where it comes from, `192.0.2.7:51234`; null while it is detached. */
  address: z
    .string()
    .max(MAX_HOST + 8)
    .nullable(),
  /** null: detached, kept until its client returns. */
  transport: carrierSchema.nullable(),
  since: timeSchema,
  connections: countSchema,
  sent: countSchema,
  received: countSchema,
  /** `up` is what this client sends. */
  up: rateSchema,
  down: rateSchema,
});
export type ServerClient = z.infer<typeof serverClientSchema>;

/** One message of the stream: all of them, at most the cap; `total` counts the rest too. */
export const serverClientsSchema = z.strictObject({
  at: timeSchema,
  total: countSchema,
  clients: z.array(serverClientSchema).max(MAX_SERVER_CLIENTS),
});
export type ServerClients = z.infer<typeof serverClientsSchema>;
