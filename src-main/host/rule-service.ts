import type { Undo } from '../../src-shared/contract-base.ts';
import { MAX_RULES } from '../../src-shared/limits.ts';
import type { Profile } from '../../src-shared/profile.ts';
import type { Rule, RuleDraft } from '../../src-shared/rules.ts';
import { notFound } from './failures.ts';
import { newId } from './ids.ts';
import { buildRule } from './profile-build.ts';
import { conflict, tooMany } from './profile-changes.ts';
import type { ProfileService } from './profile-service.ts';
import { type SecretName, type SecretVault, secretNames } from './secret-vault.ts';
import type { UndoBook } from './undo-book.ts';

interface RuleSaved {
  readonly ruleId: string;
  readonly revision: number;
}

/** The rules of profiles as they are edited. Each change counts as one of its profile. */
export class RuleService {
  private readonly profiles: ProfileService;
  private readonly vault: SecretVault;
  private readonly undo: UndoBook;

  constructor(profiles: ProfileService, vault: SecretVault, undo: UndoBook) {
    this.profiles = profiles;
    this.vault = vault;
    this.undo = undo;
  }

  create(profileId: string, draft: RuleDraft): Promise<RuleSaved> {
    return this.profiles.inTurn(async () => {
      const old = this.profiles.stored(profileId);
      if (old.rules.length >= MAX_RULES) throw tooMany('rules under one profile', MAX_RULES);
      const { rule, secrets } = buildRule(draft, newId(), profileId);
      return this.putRules(old, [...old.rules, rule], secrets, rule.id);
    });
  }

  update(profileId: string, ruleId: string, revision: number, draft: RuleDraft): Promise<RuleSaved> {
    return this.profiles.inTurn(async () => {
      const old = this.profiles.stored(profileId);
      if (!old.rules.some((rule) => rule.id === ruleId)) throw notFound('rule');
      if (old.revision !== revision) throw conflict(old);
      const { rule, secrets } = buildRule(draft, ruleId, profileId);
      const rules = old.rules.map((one) => (one.id === ruleId ? rule : one));
      return this.putRules(old, rules, secrets, ruleId);
    });
  }

  setEnabled(profileId: string, ruleId: string, enabled: boolean): Promise<RuleSaved> {
    return this.profiles.inTurn(async () => {
      const old = this.profiles.stored(profileId);
      if (!old.rules.some((rule) => rule.id === ruleId)) throw notFound('rule');
      const rules = old.rules.map((rule) => (rule.id === ruleId ? { ...rule, enabled } : rule));
      return this.putRules(old, rules, new Map(), ruleId);
    });
  }

  remove(profileId: string, ruleIds: readonly string[]): Promise<Undo> {
    return this.profiles.inTurn(async () => {
      const old = this.profiles.stored(profileId);
      if (!ruleIds.every((id) => old.rules.some((rule) => rule.id === id))) throw notFound('rule');
      const secrets = this.profiles.secretsOf(profileId);
      const gone = old.rules.filter((rule) => ruleIds.includes(rule.id));
      const changes = new Map(gone.map((rule) => [secretNames.rule(profileId, rule.id), null]));
      const rules = old.rules.filter((rule) => !ruleIds.includes(rule.id));
      await this.putRules(old, rules, this.vault.locked ? new Map() : changes, '');
      return this.undo.add(() => this.putBack(profileId, old, gone, secrets));
    });
  }

  private async putRules(
    old: Profile,
    rules: Rule[],
    secrets: ReadonlyMap<SecretName, string | null>,
    ruleId: string,
  ): Promise<RuleSaved> {
    const next = { ...old, rules, updatedAt: Date.now(), revision: old.revision + 1 };
    const { revision } = await this.profiles.put(next, secrets);
    return { ruleId, revision };
  }

  /** Rules that were removed go back to where they were, among those that are there now. */
  private putBack(
    profileId: string,
    old: Profile,
    gone: readonly Rule[],
    secrets: ReadonlyMap<SecretName, string> | undefined,
  ): Promise<void> {
    return this.profiles.inTurn(async () => {
      const now = this.profiles.stored(profileId);
      const rules = [...now.rules];
      for (const rule of gone) {
        if (rules.some((one) => one.id === rule.id)) continue;
        rules.splice(Math.min(rules.length, old.rules.indexOf(rule)), 0, rule);
      }
      const changes = new Map<SecretName, string | null>();
      for (const rule of gone) {
        const name = secretNames.rule(profileId, rule.id);
        const text = secrets?.get(name);
        if (text !== undefined) changes.set(name, text);
      }
      await this.putRules(now, rules, changes, '');
    });
  }
}
