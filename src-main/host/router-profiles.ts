/** The calls of contract-profiles.ts. */

import type { KeyInfo } from '../../src-shared/schema.ts';
import { generateKey, keyStrength, parseKey } from '../engine/index.ts';
import { HostError, notFound } from './failures.ts';
import type { Host } from './host.ts';
import { checkPort } from './port-check.ts';
import { os, readerOf, streamed } from './router-base.ts';
import { type SecretName, secretNames } from './secret-vault.ts';

export function profilesRouter(host: Host) {
  const { profiles, runs } = host;
  return {
    create: os.profiles.create.handler(({ input }) => profiles.create(input.draft)),
    update: os.profiles.update.handler(({ input }) => profiles.update(input.id, input.revision, input.draft)),
    duplicate: os.profiles.duplicate.handler(({ input }) => profiles.duplicate(input.id, input.name)),
    remove: os.profiles.remove.handler(({ input }) => profiles.remove(input.ids)),
    move: os.profiles.move.handler(({ input }) => profiles.move(input.id, input.before)),
    test: os.profiles.test.handler(({ input, context, signal }) =>
      streamed(context, host.test(input.id, input.draft, readerOf(context, signal))),
    ),
    connect: os.profiles.connect.handler(({ input }) => {
      for (const profile of input.ids.map((id) => profiles.find(id))) runs.connect(profile);
    }),
    disconnect: os.profiles.disconnect.handler(({ input }) => {
      for (const { id } of input.ids.map((given) => profiles.find(given))) runs.disconnect(id);
    }),
    retryNow: os.profiles.retryNow.handler(({ input }) => {
      if (input.id !== null) profiles.find(input.id);
      runs.retryNow(input.id);
    }),
    setTransport: os.profiles.setTransport.handler(({ input }) =>
      profiles.amend(input.id, (profile) => ({ ...profile, transport: input.transport })),
    ),
    reveal: os.profiles.reveal.handler(({ input }) => {
      host.config.profile(input.id);
      const text = host.vault.get(secretName(input.id, input.secret));
      if (text === undefined) throw notFound('secret');
      return { text };
    }),
  };
}

type Secret = Parameters<Parameters<typeof os.profiles.reveal.handler>[0]>[0]['input']['secret'];

function secretName(id: string, secret: Secret): SecretName {
  switch (secret.kind) {
    case 'key':
      return secretNames.key(id);
    case 'proxyPassword':
      return secretNames.proxy(id);
    case 'ruleAuth':
      return secretNames.rule(id, secret.ruleId);
  }
}

export function rulesRouter(host: Host) {
  const { rules } = host;
  return {
    create: os.rules.create.handler(({ input }) => rules.create(input.profileId, input.draft)),
    update: os.rules.update.handler(({ input }) =>
      rules.update(input.profileId, input.ruleId, input.revision, input.draft),
    ),
    remove: os.rules.remove.handler(({ input }) => rules.remove(input.profileId, input.ruleIds)),
    setEnabled: os.rules.setEnabled.handler(({ input }) =>
      rules.setEnabled(input.profileId, input.ruleId, input.enabled),
    ),
    checkPort: os.rules.checkPort.handler(({ input }) =>
      checkPort(input, host.config.profiles, host.hub.state),
    ),
  };
}

/** Passphrases that are being stretched at a time: each takes 32 MiB and some 100 ms of a core. */
const MAX_STRETCHING = 4;

export function keysRouter() {
  let stretching = 0;
  return {
    generate: os.keys.generate.handler(() => ({ text: generateKey() })),
    inspect: os.keys.inspect.handler(async ({ input }): Promise<KeyInfo> => {
      if (stretching >= MAX_STRETCHING) {
        throw new HostError('ERR_LIMIT', 'too many keys are looked at already', {
          details: { limit: MAX_STRETCHING },
        });
      }
      stretching++;
      try {
        const { id } = await parseKey(input.text);
        return { kind: 'set', ...keyStrength(input.text), fingerprint: id };
      } finally {
        stretching--;
      }
    }),
  };
}
