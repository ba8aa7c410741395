import {
  DEFAULT_CONFIG,
  type EngineConfig,
  keyStrength,
  type Logger,
  parseKey,
  type UserKey,
} from '../engine/index.ts';
import type { CliOptions, KeyOption } from './options.ts';

/** What the limits of a command line are to the engine. */
export function engineConfig(options: CliOptions): Partial<EngineConfig> {
  const { timeoutSeconds } = options;
  return {
    streamWindowBytes: options.writeBufferBytes,
    throttleBytesPerSecond: options.throttleBytesPerSecond,
    // `-t 0` is "never" for idle connections, which a dial cannot be: it keeps its default.
    dialTimeoutMs: timeoutSeconds ? timeoutSeconds * 1000 : DEFAULT_CONFIG.dialTimeoutMs,
    idleTimeoutMs: (timeoutSeconds ?? 0) * 1000,
    // ... nor a UDP association, which has no other end.
    udpIdleMs: timeoutSeconds ? timeoutSeconds * 1000 : DEFAULT_CONFIG.udpIdleMs,
  };
}

/** Rejects with ERR_BAD_KEY. `name`: what logs call the user. */
export function readUserKey(key: Exclude<KeyOption, { from: 'none' }>, name?: string): Promise<UserKey> {
  return parseKey(key.text, name);
}

/** A server that takes a guessable passphrase is open to whoever tries for long enough. */
export function warnOfWeakKey(key: KeyOption, log: Logger): void {
  if (key.from === 'none') return;
  const { bits, verdict } = keyStrength(key.text);
  if (verdict !== 'weak') return;
  log.warn(
    `the key is easy to guess (about ${bits} bits): who finds it can use this server; ` +
      '"culvert keygen" makes a strong one',
  );
}
