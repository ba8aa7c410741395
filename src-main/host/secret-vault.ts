import * as z from 'zod';
import { sealedSchema } from '../../src-shared/backup.ts';
import type { KeyInfo } from '../../src-shared/schema.ts';
import type { SecretsView } from '../../src-shared/state.ts';
import { keyStrength, parseKey } from '../engine/index.ts';
import { HostError } from './failures.ts';
import { type Checked, JsonDocument, type OpenJsonFile, type Origin } from './json-document.ts';
import { refuseNewer } from './migrations.ts';
import { newSealingKey, type SealingKey, seal, sealingKeyOf, unseal } from './seal.ts';

/** Names of secrets: `profile/<id>/key`, `profile/<id>/proxy`, `profile/<id>/rule/<id>`, `server/key`. */
export type SecretName = string;
export const SERVER_KEY: SecretName = 'server/key';
export const secretNames = {
  key: (profileId: string): SecretName => `profile/${profileId}/key`,
  proxy: (profileId: string): SecretName => `profile/${profileId}/proxy`,
  rule: (profileId: string, ruleId: string): SecretName => `profile/${profileId}/rule/${ruleId}`,
  ofProfile: (profileId: string): string => `profile/${profileId}/`,
};

/** The system's keyring: Electron's `safeStorage` in the desktop app. Throws when the keyring refuses. */
export interface SystemSealer {
  seal(text: string): Buffer;
  unseal(data: Buffer): string;
}

const entrySchema = z.strictObject({ text: z.string(), fingerprint: z.string().max(32).optional() });
const entriesSchema = z.record(z.string(), entrySchema);
type Entry = z.infer<typeof entrySchema>;

const documentSchema = z.discriminatedUnion('store', [
  z.strictObject({
    version: z.literal(1),
    store: z.literal('file'),
    entries: entriesSchema,
    /** A person chose it, where the host asks for that. */
    chosen: z.literal(true).optional(),
  }),
  z.strictObject({ version: z.literal(1), store: z.literal('passphrase'), sealed: sealedSchema }),
  z.strictObject({ version: z.literal(1), store: z.literal('system'), data: z.string() }),
]);
type Document = z.infer<typeof documentSchema>;
type Store = Document['store'];

function checkDocument(value: unknown): Checked<Document> {
  refuseNewer(value, 1, 'the file of keys');
  const document = documentSchema.safeParse(value);
  return document.success ? { kind: 'good', value: document.data } : { kind: 'bad' };
}

/** A secret to put in; null takes it out. */
export type SecretChanges = ReadonlyMap<SecretName, string | null>;

/** Every secret of the host, in a file apart from the configuration: plain 0600, sealed by a passphrase, or by the system. */
export class SecretVault {
  private readonly document: JsonDocument<Document>;
  private readonly system: SystemSealer | undefined;
  private store: Store;
  /** Undefined while locked. */
  private entries: Map<SecretName, Entry> | undefined = new Map();
  private sealing: SealingKey | undefined;
  private sealed: z.infer<typeof sealedSchema> | undefined;
  readonly origin: Origin;
  readonly setAside: string | undefined;
  /**
   * The keyring does not open what is there: it is another machine's, or it is gone. The vault begins empty rather than
   * lock its owner out, and the file stays as it is until something is saved, when it is set aside.
   */
  private foreign = false;
  /** Whether a person has to choose how secrets are kept, and whether one has. */
  private readonly asks: boolean;
  private chosen: boolean;

  constructor(directory: string, files: OpenJsonFile, system?: SystemSealer, mustChoose = false) {
    this.system = system;
    this.document = new JsonDocument(directory, 'secrets', files, checkDocument);
    const { value, origin, setAside } = this.document.load();
    this.origin = origin;
    this.setAside = setAside;
    this.store = value?.store ?? (system === undefined ? 'file' : 'system');
    this.asks = mustChoose && system === undefined;
    this.chosen = value?.store === 'file' && value.chosen === true;
    if (value?.store === 'file') this.entries = new Map(Object.entries(value.entries));
    if (value?.store === 'passphrase') {
      this.sealed = value.sealed;
      this.entries = undefined;
    }
    if (value?.store === 'system') {
      const entries = this.openSystem(value.data);
      this.foreign = entries === undefined;
      if (entries !== undefined) this.entries = entries;
      else if (system === undefined) this.store = 'file';
    }
  }

  get locked(): boolean {
    return this.entries === undefined;
  }

  /** What was sealed by a keyring that does not open it. Nothing of it is lost: see `foreign`. */
  get unreadable(): boolean {
    return this.foreign;
  }

  view(): SecretsView {
    const offers: SecretsView['offers'] = ['file', 'passphrase'];
    if (this.system !== undefined) offers.unshift('system');
    return {
      store: this.store,
      offers,
      mustChoose: this.asks && this.store === 'file' && !this.chosen,
      locked: this.locked,
    };
  }

  /** Undefined: there is none. Throws ERR_LOCKED. */
  get(name: SecretName): string | undefined {
    return this.opened().get(name)?.text;
  }

  has(name: SecretName): boolean {
    return this.entries?.has(name) ?? false;
  }

  /** Names that begin so; none while locked. */
  namesOf(prefix: string): SecretName[] {
    return [...(this.entries?.keys() ?? [])].filter((name) => name.startsWith(prefix));
  }

  /** All of them, to be taken out of what leaves the machine; none while locked. */
  texts(): string[] {
    return [...(this.entries?.values() ?? [])].map(({ text }) => text);
  }

  info(name: SecretName): KeyInfo {
    if (this.entries === undefined) return { kind: 'locked' };
    const entry = this.entries.get(name);
    if (entry === undefined) return { kind: 'none' };
    const { bits, verdict } = keyStrength(entry.text);
    return { kind: 'set', bits, verdict, fingerprint: entry.fingerprint ?? '' };
  }

  /** Saves them all or none. Keys get their fingerprint: a passphrase takes some 100 ms. Throws ERR_LOCKED, ERR_BAD_KEY. */
  async change(changes: SecretChanges): Promise<void> {
    if (changes.size === 0) return;
    this.opened();
    const made = new Map<SecretName, Entry | null>();
    for (const [name, text] of changes) made.set(name, text === null ? null : await entryOf(name, text));
    // Read again: others may have changed it in the meantime.
    const next = new Map(this.opened());
    for (const [name, entry] of made) {
      if (entry === null) next.delete(name);
      else next.set(name, entry);
    }
    this.save(next);
  }

  /** Throws ERR_BAD_PASSPHRASE. */
  async unlock(passphrase: string): Promise<void> {
    const { sealed } = this;
    if (sealed === undefined || !this.locked) return;
    const sealing = await sealingKeyOf(passphrase, sealed);
    const text = unseal(sealed, sealing);
    const entries = text === undefined ? undefined : entriesSchema.safeParse(JSON.parse(text));
    if (entries === undefined || !entries.success) {
      throw new HostError('ERR_BAD_PASSPHRASE', 'the passphrase does not open the secrets');
    }
    this.entries = new Map(Object.entries(entries.data));
    this.sealing = sealing;
  }

  /** Seals everything anew in another way. On failure all is as it was. */
  async setStore(store: Store, passphrase?: string): Promise<void> {
    const entries = this.opened();
    if (store === 'system' && this.system === undefined) {
      throw new HostError('ERR_UNSUPPORTED', 'this host has no keyring');
    }
    const before = { store: this.store, sealing: this.sealing, chosen: this.chosen };
    this.sealing = store === 'passphrase' ? await newSealingKey(passphrase ?? '') : undefined;
    this.store = store;
    this.chosen ||= this.asks;
    try {
      this.save(entries);
    } catch (error) {
      Object.assign(this, before);
      throw error;
    }
  }

  private opened(): Map<SecretName, Entry> {
    if (this.entries !== undefined) return this.entries;
    throw new HostError('ERR_LOCKED', 'the secrets are sealed: give their passphrase first');
  }

  private save(entries: Map<SecretName, Entry>): void {
    const plain = Object.fromEntries(entries);
    if (this.foreign) this.document.putAside('unreadable');
    this.foreign = false;
    switch (this.store) {
      case 'file':
        this.document.save({
          version: 1,
          store: 'file',
          entries: plain,
          ...(this.chosen && { chosen: true }),
        });
        break;
      case 'passphrase':
        if (this.sealing === undefined) throw new HostError('ERR_LOCKED', 'the secrets are sealed');
        this.sealed = seal(JSON.stringify(plain), this.sealing);
        this.document.save({ version: 1, store: 'passphrase', sealed: this.sealed });
        break;
      case 'system': {
        const data = this.system?.seal(JSON.stringify(plain)).toString('base64') ?? '';
        this.document.save({ version: 1, store: 'system', data });
        break;
      }
    }
    this.entries = entries;
  }

  private openSystem(data: string): Map<SecretName, Entry> | undefined {
    try {
      const text = this.system?.unseal(Buffer.from(data, 'base64'));
      return text === undefined ? undefined : new Map(Object.entries(entriesSchema.parse(JSON.parse(text))));
    } catch {
      // The keyring is another one: see `foreign`.
      return undefined;
    }
  }
}

async function entryOf(name: SecretName, text: string): Promise<Entry> {
  return name.endsWith('/key') ? { text, fingerprint: (await parseKey(text)).id } : { text };
}
