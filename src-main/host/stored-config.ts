import * as z from 'zod';
import {
  DEFAULT_SERVER_CONFIG,
  type ServerConfig,
  serverConfigSchema,
} from '../../src-shared/embedded-server.ts';
import { MAX_PROFILES } from '../../src-shared/limits.ts';
import { type Profile, profileSchema } from '../../src-shared/profile.ts';
import { DEFAULT_SETTINGS, parseSettings, type Settings } from '../../src-shared/settings.ts';
import type { Checked } from './json-document.ts';
import { MIGRATIONS, migrate } from './migrations.ts';

/** What `config.json` holds: the same in the headless host and in the desktop app. Secrets are elsewhere. */
export interface StoredConfig {
  readonly version: number;
  /** In the order in which they are listed. */
  readonly profiles: readonly Profile[];
  readonly settings: Settings;
  readonly server: ServerConfig;
}

/** The format that is written. */
export const CONFIG_VERSION = MIGRATIONS.length;

export const EMPTY_CONFIG: StoredConfig = {
  version: CONFIG_VERSION,
  profiles: [],
  settings: DEFAULT_SETTINGS,
  server: DEFAULT_SERVER_CONFIG,
};

/** Reads parsed JSON of any format. Throws ERR_NEWER_VERSION. What is wrong in one profile or setting does not lose the others: they come back as `partly`. */
export function checkConfig(value: unknown): Checked<StoredConfig> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { kind: 'bad' };
  const config = migrate({ ...value });
  if (config === undefined) return { kind: 'bad' };
  const list = z.array(z.unknown()).max(MAX_PROFILES).safeParse(config.profiles);
  if (!list.success) return { kind: 'bad' };
  const profiles: Profile[] = [];
  const ids = new Set<string>();
  for (const given of list.data) {
    const profile = profileSchema.safeParse(given);
    if (!profile.success || ids.has(profile.data.id)) continue;
    ids.add(profile.data.id);
    profiles.push(profile.data);
  }
  const { settings, faults } = parseSettings(config.settings);
  const server = serverConfigSchema.safeParse(config.server);
  const whole = profiles.length === list.data.length && faults.length === 0 && server.success;
  return {
    kind: whole ? 'good' : 'partly',
    value: {
      version: CONFIG_VERSION,
      profiles,
      settings,
      server: server.success ? server.data : DEFAULT_SERVER_CONFIG,
    },
  };
}
