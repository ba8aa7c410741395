/** Share links and imports: what leaves a host profile by profile, and what comes. */

import type { Undo } from '../../src-shared/contract-base.ts';
import type { ImportPreview, Plan } from '../../src-shared/contract-files.ts';
import { importText } from '../../src-shared/import.ts';
import { MAX_LINK, MAX_NAME } from '../../src-shared/limits.ts';
import { printLink } from '../../src-shared/link.ts';
import { draftOf, type Profile, type ProfileDraft, profileTitle } from '../../src-shared/profile.ts';
import type { SecretChange } from '../../src-shared/schema.ts';
import { KEEP } from '../../src-shared/schema.ts';
import type { ConfigKeeper } from './config-keeper.ts';
import { HostError } from './failures.ts';
import { buildProfile, differingFields } from './profile-build.ts';
import type { Placed } from './profile-changes.ts';
import type { ProfileService } from './profile-service.ts';
import { type SecretName, type SecretVault, secretNames } from './secret-vault.ts';
import type { UndoBook } from './undo-book.ts';

export class Transfer {
  private readonly config: ConfigKeeper;
  private readonly vault: SecretVault;
  private readonly profiles: ProfileService;
  private readonly undo: UndoBook;

  constructor(parts: { config: ConfigKeeper; vault: SecretVault; profiles: ProfileService; undo: UndoBook }) {
    ({ config: this.config, vault: this.vault, profiles: this.profiles, undo: this.undo } = parts);
  }

  /** ERR_LOCKED when the key is wanted and sealed; ERR_LIMIT when the link would be too long. */
  link(id: string, withKey: boolean, withRules: boolean): { link: string; hasKey: boolean; rules: number } {
    const profile = this.config.profile(id);
    const draft = withKey ? this.withSecrets(profile) : draftOf(profile);
    const link = printLink(draft, { withKey, withRules });
    if (link.length > MAX_LINK) {
      throw new HostError('ERR_LIMIT', 'the profile is too large for a link', {
        remedy: 'share it without its rules, or make a backup',
        details: { limit: MAX_LINK },
      });
    }
    const hasKey = draft.secrets.key.kind === 'set';
    return { link, hasKey, rules: withRules ? profile.rules.length : 0 };
  }

  preview(text: string): ImportPreview {
    const result = importText(text);
    if (!result.ok) return result;
    return { ok: true, items: result.items.map((item) => ({ ...item, plan: this.planOf(item.draft) })) };
  }

  apply(
    items: ReadonlyArray<{ draft: ProfileDraft; replace: string | null }>,
  ): Promise<{ ids: string[]; undo: Undo }> {
    return this.profiles.inTurn(async () => {
      const replaced = new Set<string>();
      const put = items.map(({ draft, replace }): Placed => {
        if (replace === null) return placed(buildProfile(draft, undefined, Date.now()), new Map());
        if (replaced.has(replace))
          throw new HostError('ERR_CONFLICT', 'two profiles would replace the same one');
        replaced.add(replace);
        const old = this.config.profile(replace);
        return placed(buildProfile(draft, old, Date.now()), this.secretsOf(replace));
      });
      const back = await this.profiles.exchange(put, []);
      return { ids: put.map(({ profile }) => profile.id), undo: this.undo.add(back) };
    });
  }

  /** What importing a draft would do. The first profile of the same server is the one it compares with. */
  planOf(draft: ProfileDraft): Plan {
    const { scheme, host, port, path } = draft.server;
    const existing = this.config.profiles.filter(
      ({ server }) =>
        server.scheme === scheme && server.host === host && server.port === port && server.path === path,
    );
    const plans = existing.map((profile) => this.compare(profile, draft));
    return plans.find(({ kind }) => kind === 'same') ?? plans[0] ?? { kind: 'add' };
  }

  compare(existing: Profile, draft: ProfileDraft): Plan {
    const fields = differingFields(existing, draft);
    if (this.differs(secretNames.key(existing.id), draft.secrets.key)) fields.push('key');
    const { id } = existing;
    const name = planName(existing);
    return fields.length === 0 ? { kind: 'same', id, name } : { kind: 'differs', id, name, fields };
  }

  /** A draft of a profile with its secrets in it. ERR_LOCKED. */
  withSecrets(profile: Profile): ProfileDraft {
    const secret = (name: SecretName): SecretChange => {
      const text = this.vault.get(name);
      return text === undefined ? KEEP : { kind: 'set', text };
    };
    const draft = draftOf(profile);
    draft.secrets = {
      key: secret(secretNames.key(profile.id)),
      proxyPassword: secret(secretNames.proxy(profile.id)),
    };
    draft.rules = draft.rules.map((rule) => {
      if (rule.kind !== 'dynamic' || rule.auth === null || rule.id === undefined) return rule;
      return { ...rule, auth: { ...rule.auth, password: secret(secretNames.rule(profile.id, rule.id)) } };
    });
    return draft;
  }

  /** Whether a key comes with it that is not the one there is. Sealed ones are not compared. */
  private differs(name: SecretName, change: SecretChange): boolean {
    return change.kind === 'set' && !this.vault.locked && this.vault.get(name) !== change.text;
  }

  private secretsOf(id: string): Map<SecretName, string> {
    const names = this.vault.namesOf(secretNames.ofProfile(id));
    return new Map(names.map((name) => [name, this.vault.get(name) ?? '']));
  }
}

/** What a preview calls a profile: the host of a long name without its end. */
export function planName(profile: Profile): string {
  return profileTitle(profile).slice(0, MAX_NAME);
}

/** The built profile with all its secrets: those it had, as the draft changes them. */
function placed(
  { profile, secrets }: ReturnType<typeof buildProfile>,
  before: ReadonlyMap<SecretName, string>,
): Placed {
  const all = new Map(before);
  for (const [name, text] of secrets) {
    if (text === null) all.delete(name);
    else all.set(name, text);
  }
  return { profile, secrets: all };
}
