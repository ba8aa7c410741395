import type { Undo } from '../../src-shared/contract-base.ts';
import { MAX_NAME } from '../../src-shared/limits.ts';
import { type Profile, type ProfileDraft, type ProfileView, profileTitle } from '../../src-shared/profile.ts';
import type { ConfigKeeper } from './config-keeper.ts';
import { HostError } from './failures.ts';
import { newId } from './ids.ts';
import { buildProfile } from './profile-build.ts';
import { checkCaps, conflict, exchanged, type Placed, secretChanges } from './profile-changes.ts';
import type { ProfileRuns } from './profile-runs.ts';
import { type SecretChanges, type SecretName, type SecretVault, secretNames } from './secret-vault.ts';
import type { StateHub } from './state-hub.ts';
import type { UndoBook } from './undo-book.ts';

export interface Saved {
  readonly id: string;
  readonly revision: number;
}

/** The profile of *Try it on this machine*, which is shown with the others and stored nowhere. */
export interface Guest {
  readonly profile: Profile;
  readonly key: string;
}

/** Profiles as they are edited; rule-service.ts has their rules. One change after the other, each saved before it is shown. */
export class ProfileService {
  private readonly hub: StateHub;
  private readonly config: ConfigKeeper;
  private readonly vault: SecretVault;
  private readonly runs: ProfileRuns;
  private readonly undo: UndoBook;
  private turn: Promise<unknown> = Promise.resolve();
  private guestProfile: Guest | undefined;

  constructor(parts: {
    hub: StateHub;
    config: ConfigKeeper;
    vault: SecretVault;
    runs: ProfileRuns;
    undo: UndoBook;
  }) {
    ({ hub: this.hub, config: this.config, vault: this.vault, runs: this.runs, undo: this.undo } = parts);
    this.publish();
  }

  get guest(): Guest | undefined {
    return this.guestProfile;
  }

  /** ERR_NOT_FOUND. */
  find(id: string): Profile {
    if (this.guestProfile?.profile.id === id) return this.guestProfile.profile;
    return this.config.profile(id);
  }

  /** Runs changes one after the other; nothing else changes profiles meanwhile. */
  inTurn<T>(action: () => Promise<T>): Promise<T> {
    const result = this.turn.then(action);
    this.turn = result.catch(() => {});
    return result;
  }

  create(draft: ProfileDraft): Promise<Saved> {
    return this.inTurn(async () => {
      const { profile, secrets } = buildProfile(draft, undefined, Date.now());
      return this.put(profile, secrets);
    });
  }

  update(id: string, revision: number, draft: ProfileDraft): Promise<Saved> {
    return this.inTurn(async () => {
      const old = this.stored(id);
      if (old.revision !== revision) throw conflict(old);
      const { profile, secrets } = buildProfile(draft, old, Date.now());
      return this.put(profile, secrets);
    });
  }

  duplicate(id: string, name: string): Promise<Saved> {
    return this.inTurn(async () => {
      const old = this.stored(id);
      const now = Date.now();
      const copy = { ...old, id: newId(), createdAt: now, updatedAt: now, revision: 1 };
      copy.name = name === '' ? `${profileTitle(old)} 2`.slice(0, MAX_NAME) : name;
      const secrets = new Map<SecretName, string>();
      for (const secret of this.vault.namesOf(secretNames.ofProfile(id))) {
        secrets.set(secret.replace(`profile/${id}/`, `profile/${copy.id}/`), this.vault.get(secret) ?? '');
      }
      const at = this.config.profiles.indexOf(old);
      await this.exchange([{ profile: copy, secrets, index: at + 1 }], []);
      return { id: copy.id, revision: copy.revision };
    });
  }

  remove(ids: readonly string[]): Promise<Undo> {
    return this.inTurn(async () => {
      for (const id of ids) this.stored(id);
      return this.undo.add(await this.exchange([], [...new Set(ids)]));
    });
  }

  move(id: string, before: string | null): Promise<void> {
    return this.inTurn(async () => {
      const moved = this.stored(id);
      if (before !== null) this.stored(before);
      const rest = this.config.profiles.filter((profile) => profile.id !== id);
      const at = before === null ? rest.length : rest.findIndex((profile) => profile.id === before);
      this.config.save({ profiles: rest.toSpliced(at < 0 ? rest.length : at, 0, moved) });
      this.publish();
    });
  }

  /** Changes some fields that hold no secret. */
  amend(id: string, change: (profile: Profile) => Profile): Promise<Saved> {
    return this.inTurn(async () => {
      const old = this.stored(id);
      const next = { ...change(old), updatedAt: Date.now(), revision: old.revision + 1 };
      return this.put(next, new Map());
    });
  }

  /**
   * Puts profiles in and takes others out, all or nothing, with their secrets. Gives what turns it back. To be called
   * within `inTurn`.
   */
  async exchange(put: readonly Placed[], remove: readonly string[]): Promise<() => Promise<void>> {
    const before = this.config.profiles;
    const touched = [...put.map(({ profile }) => profile.id), ...remove];
    const back: Placed[] = before.flatMap((profile, index) =>
      touched.includes(profile.id)
        ? [{ profile, secrets: this.secretsOf(profile.id), index, on: this.runs.isOn(profile.id) }]
        : [],
    );
    const added = put.map(({ profile }) => profile.id).filter((id) => !before.some((one) => one.id === id));

    const profiles = exchanged(before, put, remove);
    await this.save(profiles, secretChanges(this.vault, put, remove), () => {
      for (const id of remove) this.runs.disconnect(id);
      this.publish();
      for (const { profile, on } of put) {
        if (on) this.runs.connect(profile);
        else this.runs.changed(profile.id);
      }
    });
    return () =>
      this.inTurn(async () => {
        await this.exchange(back, added);
      });
  }

  /** Shows a profile that is not stored, or no longer. */
  setGuest(guest: Guest | undefined): void {
    this.guestProfile = guest;
    this.publish();
  }

  /** Puts the profiles into the state: after each change, and when the secrets were opened. */
  publish(): void {
    const known = this.hub.state.profiles;
    const views = this.config.profiles.map((profile) => this.view(profile, known[profile.id]));
    if (this.guestProfile !== undefined) views.push(guestView(this.guestProfile.profile));
    const ids = views.map((view) => view.id);
    this.runs.keepRows(ids);
    this.hub.set({ order: ids, profiles: Object.fromEntries(views.map((view) => [view.id, view])) });
  }

  private view(profile: Profile, known: ProfileView | undefined): ProfileView {
    const key = this.vault.info(secretNames.key(profile.id));
    const proxyPassword = this.vault.has(secretNames.proxy(profile.id));
    const ruleAuth = profile.rules
      .filter((rule) => rule.kind === 'dynamic' && this.vault.has(secretNames.rule(profile.id, rule.id)))
      .map((rule) => rule.id);
    const secrets = { key, proxyPassword, ruleAuth };
    // A row that is as it was keeps its identity: nobody is sent it again.
    const same =
      known?.revision === profile.revision &&
      known.updatedAt === profile.updatedAt &&
      JSON.stringify(known.secrets) === JSON.stringify(secrets);
    return same ? known : { ...profile, origin: 'user', secrets };
  }

  /** One that can be changed. ERR_NOT_FOUND, ERR_UNSUPPORTED. */
  stored(id: string): Profile {
    if (this.guestProfile?.profile.id !== id) return this.config.profile(id);
    throw new HostError('ERR_UNSUPPORTED', 'the profile of the trial cannot be changed');
  }

  /** undefined while they are locked: what is put back then keeps those that are there. */
  secretsOf(id: string): Map<SecretName, string> | undefined {
    if (this.vault.locked) return undefined;
    const names = this.vault.namesOf(secretNames.ofProfile(id));
    return new Map(names.map((name) => [name, this.vault.get(name) ?? '']));
  }

  /**
   * What a profile needs is kept before it is saved, and what none needs any more is taken out after that: whichever
   * fails, no profile has lost a secret. `show` is called once the profiles are saved.
   */
  private async save(profiles: readonly Profile[], changes: SecretChanges, show: () => void): Promise<void> {
    checkCaps(profiles);
    const kept = [...changes].filter(([, text]) => text !== null);
    const removed = [...changes].filter(([, text]) => text === null);
    await this.vault.change(new Map(kept));
    this.config.save({ profiles });
    try {
      await this.vault.change(new Map(removed));
    } finally {
      show();
    }
  }

  /** Saves one profile and what happens to its secrets. To be called within `inTurn`. */
  async put(profile: Profile, secrets: ReadonlyMap<SecretName, string | null>): Promise<Saved> {
    const list = this.config.profiles;
    const at = list.findIndex((one) => one.id === profile.id);
    const profiles = at < 0 ? [...list, profile] : list.with(at, profile);
    // Taking out what is not there is no change, and no reason to ask for a passphrase.
    const changes = [...secrets].filter(([name, text]) => text !== null || this.vault.has(name));
    await this.save(profiles, new Map(changes), () => {
      this.publish();
      this.runs.changed(profile.id);
    });
    return { id: profile.id, revision: profile.revision };
  }
}

function guestView(profile: Profile): ProfileView {
  const key = { kind: 'set', verdict: 'generated', bits: 256, fingerprint: '' } as const;
  return { ...profile, origin: 'try', secrets: { key, proxyPassword: false, ruleAuth: [] } };
}
