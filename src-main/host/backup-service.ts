import {
  BACKUP_FORMAT,
  BACKUP_VERSION,
  type Backup,
  type BackupSecrets,
  type Plain,
  parseBackup,
  plainSchema,
  printBackup,
} from '../../src-shared/backup.ts';
import type { Undo } from '../../src-shared/contract-base.ts';
import type { BackupPreview, Plan } from '../../src-shared/contract-files.ts';
import type { ImportError } from '../../src-shared/import-item.ts';
import { MAX_BACKUP_TEXT } from '../../src-shared/limits.ts';
import { draftOf, type Profile } from '../../src-shared/profile.ts';
import type { ConfigKeeper } from './config-keeper.ts';
import { HostError } from './failures.ts';
import type { Placed } from './profile-changes.ts';
import type { ProfileService } from './profile-service.ts';
import { newSealingKey, seal, sealingKeyOf, unseal } from './seal.ts';
import { SERVER_KEY, type SecretName, type SecretVault, secretNames } from './secret-vault.ts';
import type { ServerService } from './server-service.ts';
import type { SettingsService } from './settings-service.ts';
import { planName, type Transfer } from './transfer.ts';
import type { UndoBook } from './undo-book.ts';

export interface RestoreChoice {
  readonly content: string;
  readonly passphrase: string | null;
  readonly mode: 'merge' | 'replace';
  readonly settings: boolean;
  readonly server: boolean;
}

type Opened =
  | { readonly kind: 'sealed'; readonly wrong: boolean }
  | { readonly kind: 'bad'; readonly error: ImportError }
  | { readonly kind: 'ready'; readonly backup: Backup; readonly plain: Plain };

interface Parts {
  readonly version: string;
  readonly config: ConfigKeeper;
  readonly vault: SecretVault;
  readonly profiles: ProfileService;
  readonly server: ServerService;
  readonly settings: SettingsService;
  readonly transfer: Transfer;
  readonly undo: UndoBook;
}

/** *Back up* and *Restore*: everything of a host in one file, which a passphrase may seal. */
export class BackupService {
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** ERR_LOCKED when the keys are wanted and sealed. */
  async create(withKeys: boolean, passphrase: string | null): Promise<{ fileName: string; content: string }> {
    const { config, version } = this.parts;
    const plain: Plain = {
      profiles: config.profiles.map((profile) => ({
        profile,
        secrets: withKeys ? this.secretsOf(profile) : null,
      })),
      settings: config.settings,
      server: { config: config.server, key: withKeys ? this.serverKey() : null },
    };
    const createdAt = Date.now();
    const head = { format: BACKUP_FORMAT, version: BACKUP_VERSION, createdAt, culvert: version } as const;
    const content = printBackup(
      passphrase === null
        ? { ...head, plain }
        : { ...head, sealed: seal(JSON.stringify(plain), await newSealingKey(passphrase)) },
    );
    if (content.length > MAX_BACKUP_TEXT) {
      throw new HostError('ERR_LIMIT', 'the backup is too large', { details: { limit: MAX_BACKUP_TEXT } });
    }
    const day = new Date(createdAt).toISOString().slice(0, 10);
    return { fileName: `culvert-${day}.culvert-backup.json`, content };
  }

  async preview(content: string, passphrase: string | null): Promise<BackupPreview> {
    const opened = await open(content, passphrase);
    if (opened.kind !== 'ready') return opened;
    const { backup, plain } = opened;
    const { profiles } = plain;
    return {
      kind: 'ready',
      createdAt: backup.createdAt,
      version: backup.culvert,
      hasKeys: profiles.some(({ secrets }) => secrets !== null) || (plain.server?.key ?? null) !== null,
      hasSettings: plain.settings !== null,
      hasServer: plain.server !== null,
      profiles: profiles.map(({ profile, secrets }) => ({
        name: planName(profile),
        plan: this.planOf(profile, secrets),
      })),
    };
  }

  /** ERR_BAD_BACKUP, ERR_BAD_PASSPHRASE, ERR_NEWER_VERSION, ERR_LOCKED. */
  async restore(choice: RestoreChoice): Promise<{ profiles: number; undo: Undo }> {
    const opened = await open(choice.content, choice.passphrase);
    if (opened.kind === 'sealed') {
      throw new HostError('ERR_BAD_PASSPHRASE', 'the passphrase does not open the backup');
    }
    if (opened.kind === 'bad') {
      const newer = opened.error.reason === 'backupNewer';
      throw new HostError(newer ? 'ERR_NEWER_VERSION' : 'ERR_BAD_BACKUP', 'the backup cannot be read');
    }
    const { plain } = opened;
    const { config, profiles, undo, server, settings } = this.parts;
    const turnedBack: Array<() => Promise<void>> = [];
    await profiles.inTurn(async () => {
      const put = plain.profiles.map(({ profile, secrets }): Placed => {
        // Counted on from what is here, so that an editor that is open sees that its profile is another one.
        const revision = Math.max(profile.revision, (config.find(profile.id)?.revision ?? 0) + 1);
        const kept = secrets === null ? undefined : namedSecrets(profile.id, secrets);
        return { profile: { ...profile, revision }, secrets: kept };
      });
      const wanted = new Set(put.map(({ profile }) => profile.id));
      const others = config.profiles.map(({ id }) => id).filter((id) => !wanted.has(id));
      turnedBack.push(await profiles.exchange(put, choice.mode === 'replace' ? others : []));
    });
    if (choice.settings && plain.settings !== null) {
      const before = config.settings;
      settings.replace(plain.settings);
      turnedBack.push(async () => settings.replace(before));
    }
    if (choice.server && plain.server !== null) {
      const [before, key] = [config.server, this.parts.vault.locked ? null : this.serverKey()];
      await server.replace(plain.server.config, plain.server.key);
      turnedBack.push(() => server.replace(before, key));
    }
    const back = async (): Promise<void> => {
      for (const turnBack of turnedBack.reverse()) await turnBack();
    };
    return { profiles: plain.profiles.length, undo: undo.add(back) };
  }

  private planOf(profile: Profile, secrets: BackupSecrets | null): Plan {
    const existing = this.parts.config.find(profile.id);
    if (existing === undefined) return { kind: 'add' };
    const draft = draftOf(profile);
    if (secrets?.key != null) draft.secrets.key = { kind: 'set', text: secrets.key };
    return this.parts.transfer.compare(existing, draft);
  }

  private serverKey(): string | null {
    return this.parts.vault.get(SERVER_KEY) ?? null;
  }

  private secretsOf({ id, rules }: Profile): BackupSecrets {
    const { vault } = this.parts;
    const ruleAuth: Record<string, string> = {};
    for (const rule of rules) {
      const text = vault.get(secretNames.rule(id, rule.id));
      if (text !== undefined) ruleAuth[rule.id] = text;
    }
    const key = vault.get(secretNames.key(id)) ?? null;
    return { key, proxyPassword: vault.get(secretNames.proxy(id)) ?? null, ruleAuth };
  }
}

async function open(content: string, passphrase: string | null): Promise<Opened> {
  const read = parseBackup(content);
  if (!read.ok) return { kind: 'bad', error: read.error };
  const { backup } = read;
  if ('plain' in backup) return { kind: 'ready', backup, plain: backup.plain };
  if (passphrase === null) return { kind: 'sealed', wrong: false };
  const text = unseal(backup.sealed, await sealingKeyOf(passphrase, backup.sealed));
  if (text === undefined) return { kind: 'sealed', wrong: true };
  const plain = plainSchema.safeParse(JSON.parse(text));
  if (!plain.success) return { kind: 'bad', error: { reason: 'badBackup', part: '' } };
  return { kind: 'ready', backup, plain: plain.data };
}

function namedSecrets(id: string, { key, proxyPassword, ruleAuth }: BackupSecrets): Map<SecretName, string> {
  const named = new Map<SecretName, string>();
  if (key !== null) named.set(secretNames.key(id), key);
  if (proxyPassword !== null) named.set(secretNames.proxy(id), proxyPassword);
  for (const [ruleId, text] of Object.entries(ruleAuth)) named.set(secretNames.rule(id, ruleId), text);
  return named;
}
