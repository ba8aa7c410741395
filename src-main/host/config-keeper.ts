import type { ServerConfig } from '../../src-shared/embedded-server.ts';
import type { Profile } from '../../src-shared/profile.ts';
import type { Settings } from '../../src-shared/settings.ts';
import { notFound } from './failures.ts';
import { JsonDocument, type Loaded, type OpenJsonFile } from './json-document.ts';
import { checkConfig, EMPTY_CONFIG, type StoredConfig } from './stored-config.ts';

/** The configuration in memory and on disk: what is here was saved. */
export class ConfigKeeper {
  readonly loaded: Omit<Loaded<StoredConfig>, 'value'>;
  private readonly document: JsonDocument<StoredConfig>;
  private current: StoredConfig;

  /** Throws ERR_STORE, ERR_NEWER_VERSION. */
  constructor(directory: string, files: OpenJsonFile) {
    this.document = new JsonDocument(directory, 'config', files, checkConfig);
    const { value, ...loaded } = this.document.load();
    this.loaded = loaded;
    this.current = value ?? EMPTY_CONFIG;
  }

  get profiles(): readonly Profile[] {
    return this.current.profiles;
  }
  get settings(): Settings {
    return this.current.settings;
  }
  get server(): ServerConfig {
    return this.current.server;
  }

  find(id: string): Profile | undefined {
    return this.current.profiles.find((profile) => profile.id === id);
  }

  /** ERR_NOT_FOUND. */
  profile(id: string): Profile {
    const profile = this.find(id);
    if (profile === undefined) throw notFound('profile');
    return profile;
  }

  /** Saves, then takes over. Throws ERR_STORE, and nothing has changed then. */
  save(change: Partial<Omit<StoredConfig, 'version'>>): void {
    const next = { ...this.current, ...change };
    this.document.save(next);
    this.current = next;
  }
}
