import * as z from 'zod';
import {
  DEFAULT_SERVER_CONFIG,
  type ServerConfig,
  serverConfigSchema,
} from '../../src-shared/embedded-server.ts';
import { MAX_PROFILES } from '../../src-shared/limits.ts';
import { type Profile, profileSchema } from '../../src-shared/profile.ts';
import { DEFAULT_SETTINGS, parseSettings, type Settings } from '../../src-shared/settings.ts';
import { HostError } from './failures.ts';
import type { Checked } from './json-document.ts';

/** What `config.json` holds: the same in the headless host and in the desktop app. Secrets are elsewhere. */
export interface StoredConfig {
  readonly version: number;
  /** In the order in which they are listed. */
  readonly profiles: readonly Profile[];
  readonly settings: Settings;
  readonly server: ServerConfig;
}

export const CONFIG_VERSION = 1;

export const EMPTY_CONFIG: StoredConfig = {
  version: CONFIG_VERSION,
  profiles: [],
  settings: DEFAULT_SETTINGS,
  server: DEFAULT_SERVER_CONFIG,
};

/**
 * What turns version `i + 1` into `i + 2`. A step is frozen once it was released: it works on plain JSON, imports no
 * schema, and is never changed, so that what an old file becomes does not depend on when it is opened.
 */
export type Migration = (config: Record<string, unknown>) => Record<string, unknown>;
export const MIGRATIONS: readonly Migration[] = [];

/** The config after the steps it still needs. Throws ERR_NEWER_VERSION for one of a later Culvert. */
export function migrate(
  value: Record<string, unknown>,
  steps: readonly Migration[] = MIGRATIONS,
): Record<string, unknown> | undefined {
  const { version } = value;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) return undefined;
  if (version > steps.length + 1) {
    throw new HostError('ERR_NEWER_VERSION', `the configuration is of a later version (format ${version})`, {
      remedy: 'update Culvert, or start it with another --data directory',
    });
  }
  return steps
    .slice(version - 1)
    .reduce((config, step, index) => ({ ...step(config), version: version + index + 1 }), value);
}

/** Reads parsed JSON. What is wrong in one profile or setting does not lose the others: they come back as `partly`. */
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
