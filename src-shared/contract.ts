/**
 * The one API between host and page: calls and streams, validated at both ends, over a MessagePort or a WebSocket.
 * The host implements it with `implement(contract)` of `@orpc/server`, the page derives its client from the type
 * `Contract` of `@orpc/client`; see README.md beside this file for the pipes and their traps.
 *
 * ```
 * page                                host
 *  system.hello ──────────────────────►  versions fit?
 *  state.watch  ──────────────────────►
 *       ◄── snapshot, patch, patch …     everything but what moves
 *  stats.live, connections.watch, logs.watch, server.clients: only while their screen is seen
 *  profiles.update … ─────────────────►  the answer; the change itself comes by state.watch
 * ```
 */
import { backupContract, importsContract, shareContract } from './contract-files.ts';
import { connectionsContract, logsContract, stateContract, statsContract } from './contract-live.ts';
import { keysContract, profilesContract, rulesContract, undoContract } from './contract-profiles.ts';
import { serverContract, tryItContract } from './contract-server.ts';
import { secretsContract, settingsContract, systemContract, updateContract } from './contract-system.ts';

export const contract = {
  system: systemContract,
  state: stateContract,
  stats: statsContract,
  profiles: profilesContract,
  rules: rulesContract,
  keys: keysContract,
  undo: undoContract,
  connections: connectionsContract,
  server: serverContract,
  tryIt: tryItContract,
  logs: logsContract,
  share: shareContract,
  imports: importsContract,
  backup: backupContract,
  settings: settingsContract,
  secrets: secretsContract,
  update: updateContract,
};
export type Contract = typeof contract;

/** Every call by its path, `profiles.create`; streams too. For tests that go through all of them. */
export function callPaths(): string[] {
  return Object.entries(contract).flatMap(([group, calls]) =>
    Object.keys(calls).map((name) => `${group}.${name}`),
  );
}
