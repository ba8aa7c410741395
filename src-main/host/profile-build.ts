/** Drafts become profiles, and profiles what runs. Secrets go their own way: see SecretVault. */
import { isDeepStrictEqual } from 'node:util';
import { draftOf, type Profile, type ProfileDraft } from '../../src-shared/profile.ts';
import type { Rule, RuleDraft } from '../../src-shared/rules.ts';
import type { SecretChange } from '../../src-shared/schema.ts';
import type { RunProfile, RunRule } from './engine-messages.ts';
import { HostError } from './failures.ts';
import { newId } from './ids.ts';
import { type SecretName, type SecretVault, secretNames } from './secret-vault.ts';

export interface Built {
  readonly profile: Profile;
  /** What happens to its secrets. `keep` is not in it. */
  readonly secrets: ReadonlyMap<SecretName, string | null>;
}

/** The profile that a draft makes, new or in place of `old`. */
export function buildProfile(draft: ProfileDraft, old: Profile | undefined, now: number): Built {
  const { secrets: given, rules: drafts, ...settings } = draft;
  const id = old?.id ?? newId();
  const secrets = new Map<SecretName, string | null>();
  put(secrets, secretNames.key(id), given.key);
  put(secrets, secretNames.proxy(id), settings.proxy === null ? { kind: 'remove' } : given.proxyPassword);
  const ids = new Set<string>();
  const rules = drafts.map((rule) => {
    const known = old?.rules.find((one) => one.id === rule.id && !ids.has(one.id));
    const built = buildRule(rule, known?.id ?? newId(), id);
    ids.add(built.rule.id);
    for (const [name, text] of built.secrets) secrets.set(name, text);
    return built.rule;
  });
  for (const gone of old?.rules ?? [])
    if (!ids.has(gone.id)) secrets.set(secretNames.rule(id, gone.id), null);
  const profile = {
    ...settings,
    id,
    rules,
    createdAt: old?.createdAt ?? now,
    updatedAt: now,
    revision: (old?.revision ?? 0) + 1,
  };
  return { profile, secrets };
}

/** One rule of a profile, under this id. */
export function buildRule(
  draft: RuleDraft,
  id: string,
  profileId: string,
): { rule: Rule; secrets: Map<SecretName, string | null> } {
  const secrets = new Map<SecretName, string | null>();
  const name = secretNames.rule(profileId, id);
  if (draft.kind !== 'dynamic') {
    secrets.set(name, null);
    return { rule: { ...draft, id }, secrets };
  }
  put(secrets, name, draft.auth === null ? { kind: 'remove' } : draft.auth.password);
  return { rule: { ...draft, id, auth: draft.auth && { user: draft.auth.user } }, secrets };
}

function put(secrets: Map<SecretName, string | null>, name: SecretName, change: SecretChange): void {
  if (change.kind !== 'keep') secrets.set(name, change.kind === 'set' ? change.text : null);
}

/**
 * A profile with its secrets, ready to run; those that `changes` names come from there. Throws ERR_NO_KEY, ERR_LOCKED.
 */
export function runnable(
  profile: Profile,
  vault: SecretVault,
  changes: ReadonlyMap<SecretName, string | null> = new Map(),
): RunProfile {
  const secret = (name: SecretName): string | undefined =>
    changes.has(name) ? (changes.get(name) ?? undefined) : vault.get(name);
  const { name: _name, createdAt: _created, updatedAt: _updated, revision: _revision, ...rest } = profile;
  const key = secret(secretNames.key(profile.id));
  if (key === undefined) throw new HostError('ERR_NO_KEY', 'the profile has no key');
  const rules = profile.rules.map((rule): RunRule => {
    const password = rule.kind === 'dynamic' ? secret(secretNames.rule(profile.id, rule.id)) : undefined;
    return password === undefined ? rule : { ...rule, password };
  });
  return { ...rest, key, proxyPassword: secret(secretNames.proxy(profile.id)) ?? null, rules };
}

/** The names of the draft's fields in which two differ. Ids do not count, and secrets only where both are known. */
export function differingFields(existing: Profile, draft: ProfileDraft): string[] {
  const [a, b] = [comparable(draftOf(existing)), comparable(draft)];
  return Object.keys(b).filter((name) => !isDeepStrictEqual(a[name], b[name]));
}

function comparable({ secrets: _secrets, rules, ...settings }: ProfileDraft): Record<string, unknown> {
  const bare = rules.map((rule) => {
    const { id: _id, ...rest } = rule;
    return rest.kind === 'dynamic' ? { ...rest, auth: rest.auth?.user ?? null } : rest;
  });
  return { ...settings, rules: bare };
}
