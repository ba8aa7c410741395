/** Profiles and their rules: edit, test, switch. Changes are seen in the state's stream, also by other pages. */
import * as z from 'zod';
import { call, nothing, stream, undoSchema } from './contract-base.ts';
import { failureSchema } from './errors.ts';
import { MAX_PROFILES, MAX_RULES } from './limits.ts';
import { carrierSchema, profileDraftSchema, transportSchema } from './profile.ts';
import { bindSchema, ruleDraftSchema } from './rules.ts';
import {
  countSchema,
  durationSchema,
  idSchema,
  keyInfoSchema,
  keyTextSchema,
  nameSchema,
  portSchema,
} from './schema.ts';

const ids = z.array(idSchema).min(1).max(MAX_PROFILES);
const revision = countSchema.int();
const saved = z.strictObject({ id: idSchema, revision });

/** The steps of a test, in their order. A step that does not apply (no proxy, no TLS) is not reported. */
export const TEST_STEPS = ['resolve', 'proxy', 'connect', 'tls', 'handshake', 'echo'] as const;
export const testStepSchema = z.enum(TEST_STEPS);
export type TestStep = z.infer<typeof testStepSchema>;

/** A test tells of each step as it goes, then the outcome, which ends the stream. */
export const testEventSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('step'),
    step: testStepSchema,
    state: z.enum(['running', 'passed', 'failed']),
  }),
  z.strictObject({
    kind: z.literal('passed'),
    transport: carrierSchema,
    rttMs: durationSchema,
    /** From the start to the echo. */
    tookMs: durationSchema,
  }),
  z.strictObject({ kind: z.literal('failed'), step: testStepSchema.nullable(), failure: failureSchema }),
]);
export type TestEvent = z.infer<typeof testEventSchema>;

export const profilesContract = {
  create: call.input(z.strictObject({ draft: profileDraftSchema })).output(saved),
  /**
   * Replaces the profile by the draft. ERR_CONFLICT when it is no longer at `revision`. A profile that is on
   * reconnects only where the change needs it; rules that did not change keep their connections.
   */
  update: call.input(z.strictObject({ id: idSchema, revision, draft: profileDraftSchema })).output(saved),
  /** A copy, secrets included, switched off, below the original. Empty: the host finds a name. */
  duplicate: call.input(z.strictObject({ id: idSchema, name: nameSchema })).output(saved),
  /** Switches off and removes. */
  remove: call.input(z.strictObject({ ids })).output(undoSchema),
  /** Puts `id` before another one; null: last. */
  move: call.input(z.strictObject({ id: idSchema, before: idSchema.nullable() })).output(nothing),
  /** Connects with the draft, apart from any running profile, without listening; `id` is where kept secrets come from. */
  test: call
    .input(z.strictObject({ id: idSchema.nullable(), draft: profileDraftSchema }))
    .output(stream(testEventSchema)),
  /** Switches on or off. Answers when it is under way; how it goes, also that a key is missing, is in the state. */
  connect: call.input(z.strictObject({ ids })).output(nothing),
  disconnect: call.input(z.strictObject({ ids })).output(nothing),
  /** Try again now instead of at the countdown's end; null: all that wait. */
  retryNow: call.input(z.strictObject({ id: idSchema.nullable() })).output(nothing),
  /** Saves the transport and moves the running session to it; its connections stay. */
  setTransport: call.input(z.strictObject({ id: idSchema, transport: transportSchema })).output(saved),
  /** The one way in which a secret comes back to the page. */
  reveal: call
    .input(
      z.strictObject({
        id: idSchema,
        secret: z.discriminatedUnion('kind', [
          z.strictObject({ kind: z.literal('key') }),
          z.strictObject({ kind: z.literal('proxyPassword') }),
          z.strictObject({ kind: z.literal('ruleAuth'), ruleId: idSchema }),
        ]),
      }),
    )
    .output(z.strictObject({ text: keyTextSchema })),
};

export const keysContract = {
  /** A new key, kept nowhere. */
  generate: call.output(z.strictObject({ text: keyTextSchema })),
  /** Strength and fingerprint of what is typed. A passphrase is stretched for its fingerprint: some 100 ms. */
  inspect: call.input(z.strictObject({ text: keyTextSchema })).output(keyInfoSchema),
};

/** Who holds a port. */
export const portHolderSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('process'), pid: z.int().min(0), name: z.string().max(128) }),
  /** Another rule, which need not be on. */
  z.strictObject({ kind: z.literal('rule'), profileId: idSchema, ruleId: idSchema }),
  /** The embedded server. */
  z.strictObject({ kind: z.literal('server') }),
  z.strictObject({ kind: z.literal('unknown') }),
]);

/** `suggestion` is a free port near the one asked for; null where none was found. */
export const portCheckSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('free') }),
  z.strictObject({ kind: z.literal('taken'), holder: portHolderSchema, suggestion: portSchema.nullable() }),
  z.strictObject({ kind: z.literal('forbidden'), suggestion: portSchema.nullable() }),
  /** The bind address is not one of this machine. */
  z.strictObject({ kind: z.literal('badAddress') }),
]);
export type PortCheck = z.infer<typeof portCheckSchema>;

const ruleAnswer = z.strictObject({ ruleId: idSchema, revision });

/** Each replaces one part of a profile and counts as a change of it: see `revision`. */
export const rulesContract = {
  create: call.input(z.strictObject({ profileId: idSchema, draft: ruleDraftSchema })).output(ruleAnswer),
  update: call
    .input(z.strictObject({ profileId: idSchema, ruleId: idSchema, revision, draft: ruleDraftSchema }))
    .output(ruleAnswer),
  remove: call
    .input(z.strictObject({ profileId: idSchema, ruleIds: z.array(idSchema).min(1).max(MAX_RULES) }))
    .output(undoSchema),
  setEnabled: call
    .input(z.strictObject({ profileId: idSchema, ruleId: idSchema, enabled: z.boolean() }))
    .output(ruleAnswer),
  /** Whether one could listen there now; the rule `except`, which may be the one that does, is not in the way. */
  checkPort: call
    .input(
      z.strictObject({ protocol: z.enum(['tcp', 'udp']), bind: bindSchema, except: idSchema.nullable() }),
    )
    .output(portCheckSchema),
};

export const undoContract = {
  /** Puts back what a remove, an import or a restore changed. ERR_EXPIRED when its time is over. */
  run: call.input(z.strictObject({ token: idSchema })).output(nothing),
};
