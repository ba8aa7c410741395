/** What putting profiles in and taking others out makes of the list and of the secrets. Changes nothing itself. */
import { MAX_PROFILES, MAX_RULES_TOTAL } from '../../src-shared/limits.ts';
import { type Profile, profileTitle } from '../../src-shared/profile.ts';
import { HostError } from './failures.ts';
import { type SecretName, type SecretVault, secretNames } from './secret-vault.ts';

/** A profile with its secrets and its place, to put it there. */
export interface Placed {
  readonly profile: Profile;
  /** undefined: those that there are stay. */
  readonly secrets: ReadonlyMap<SecretName, string> | undefined;
  /** Where in the list; undefined: where the one of the same id is, else last. */
  readonly index?: number;
  readonly on?: boolean;
}

export function exchanged(
  before: readonly Profile[],
  put: readonly Placed[],
  remove: readonly string[],
): Profile[] {
  let profiles = before.filter((profile) => !remove.includes(profile.id));
  for (const { profile, index } of [...put].sort((a, b) => (a.index ?? Infinity) - (b.index ?? Infinity))) {
    const at = profiles.findIndex((one) => one.id === profile.id);
    if (at >= 0) profiles = profiles.with(at, profile);
    else profiles = profiles.toSpliced(index ?? profiles.length, 0, profile);
  }
  return profiles;
}

/** undefined secrets: those that there are stay. */
export function secretChanges(
  vault: SecretVault,
  put: readonly Placed[],
  remove: readonly string[],
): Map<SecretName, string | null> {
  const changes = new Map<SecretName, string | null>();
  if (vault.locked && put.every(({ secrets }) => secrets === undefined)) return changes;
  for (const id of remove) {
    for (const name of vault.namesOf(secretNames.ofProfile(id))) changes.set(name, null);
  }
  for (const { profile, secrets } of put) {
    if (secrets === undefined) continue;
    for (const name of vault.namesOf(secretNames.ofProfile(profile.id))) changes.set(name, null);
    for (const [name, text] of secrets) {
      if (vault.get(name) === text) changes.delete(name);
      else changes.set(name, text);
    }
  }
  return changes;
}

/** ERR_LIMIT. */
export function checkCaps(profiles: readonly Profile[]): void {
  if (profiles.length > MAX_PROFILES) throw tooMany('profiles', MAX_PROFILES);
  const rules = profiles.reduce((sum, profile) => sum + profile.rules.length, 0);
  if (rules > MAX_RULES_TOTAL) throw tooMany('rules of all profiles', MAX_RULES_TOTAL);
}

export function tooMany(what: string, limit: number): HostError {
  return new HostError('ERR_LIMIT', `at most ${limit} ${what} are possible`, { details: { limit } });
}

export function conflict(profile: Profile): HostError {
  return new HostError('ERR_CONFLICT', `${profileTitle(profile)} was changed by somebody else meanwhile`);
}
