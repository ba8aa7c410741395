/**
 * What the host and the engine's thread say to each other. The engine has a thread of its own, so that a saturated
 * tunnel never delays a click:
 *
 * ```
 * host (main thread)                     engine thread
 *  request {call, input} ───────────────►  EngineRoom: clients, embedded server, tests, Try it
 *       ◄─────────────── response            one per request
 *       ◄─────────────── status, server      what changed
 *       ◄─────────────── sample              counters: 10 a second while they move, else 1
 *       ◄─────────────── log, test           in batches; a test's steps
 *       ◄─────────────── path                what a profile learnt about its way, to be kept
 * ```
 */
import { type MessagePort, Worker } from 'node:worker_threads';
import type { ConnectionRow } from '../../src-shared/connections.ts';
import type { TestEvent } from '../../src-shared/contract-profiles.ts';
import type { ServerClient, ServerConfig, ServerState } from '../../src-shared/embedded-server.ts';
import type { Failure } from '../../src-shared/errors.ts';
import type { Profile } from '../../src-shared/profile.ts';
import type { Rule } from '../../src-shared/rules.ts';
import type { LogLevel } from '../../src-shared/settings.ts';
import type { Connection, Listener } from '../../src-shared/status.ts';
import type { PathMemory } from '../engine/index.ts';

/** A profile with its secrets, ready to run. It crosses to the engine's thread and is kept nowhere. */
export interface RunProfile extends Omit<Profile, 'rules' | 'createdAt' | 'updatedAt' | 'revision' | 'name'> {
  readonly key: string;
  readonly proxyPassword: string | null;
  readonly rules: readonly RunRule[];
}
export type RunRule = Rule & { readonly password?: string };

/** Counters since the profile was switched on. */
export interface ProfileCounters {
  readonly id: string;
  readonly sent: number;
  readonly received: number;
  readonly connections: number;
  readonly rttMs: number | null;
  readonly rules: readonly RuleCounters[];
}
export interface RuleCounters {
  readonly id: string;
  readonly sent: number;
  readonly received: number;
  readonly active: number;
  readonly total: number;
  readonly failed: number;
}
export interface ServerCounters {
  /** What its clients sent, and what they got. */
  readonly up: number;
  readonly down: number;
  readonly clients: number;
  readonly connections: number;
}
export interface EngineSample {
  /** Wall clock, ms. */
  readonly at: number;
  /** The counters moved within so many ms before `at`, and not before. */
  readonly spanMs: number;
  readonly profiles: readonly ProfileCounters[];
  readonly server: ServerCounters | null;
}

export interface EngineLogLine {
  readonly at: number;
  readonly level: LogLevel;
  readonly scope: string;
  readonly profileId: string | null;
  readonly text: string;
}

/** Name, input and output of each request. */
export interface EngineCalls {
  /** Runs the profile, or changes the one that runs to this: rules that stay the same keep their connections. */
  apply: { input: RunProfile; output: undefined };
  disconnect: { input: { id: string }; output: undefined };
  retryNow: { input: { id: string | null }; output: undefined };
  networkChanged: { input: { online: boolean | null }; output: undefined };
  /** The oldest `limit` of all, and how many there are. */
  connections: {
    input: { profileId: string | null; limit: number };
    output: { total: number; rows: ConnectionRow[] };
  };
  closeConnections: { input: { ids: readonly string[] }; output: number };
  closeAll: { input: { profileId: string | null }; output: number };
  /** The events come as `test` messages with this token, the last one `passed` or `failed`. */
  test: { input: { token: string; profile: RunProfile }; output: undefined };
  cancelTest: { input: { token: string }; output: undefined };
  startServer: { input: { config: ServerConfig; key: string }; output: undefined };
  stopServer: { input: undefined; output: undefined };
  serverClients: { input: { limit: number }; output: { total: number; clients: ServerClient[] } };
  disconnectClient: { input: { id: string }; output: boolean };
  /** A server and a small site on loopback for *Try it*. */
  startTry: { input: { key: string }; output: { serverPort: number; targetPort: number } };
  /** Answers when the first byte came through the forward at this port, and goes on sending some. */
  runTry: { input: { port: number }; output: undefined };
  stopTry: { input: undefined; output: undefined };
  setLogLevel: { input: { level: LogLevel }; output: undefined };
  /** What was learnt before about ways to servers; asked first of all, before any profile runs. */
  knowPaths: { input: { paths: Readonly<Record<string, PathMemory>> }; output: undefined };
  /** Ends all in order. */
  close: { input: undefined; output: undefined };
}
export type EngineCall = keyof EngineCalls;

export interface EngineRequest<C extends EngineCall = EngineCall> {
  readonly kind: 'request';
  readonly id: number;
  readonly call: C;
  readonly input: EngineCalls[C]['input'];
}

export type EngineMessage =
  | { readonly kind: 'response'; readonly id: number; readonly output: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly failure: Failure }
  | {
      readonly kind: 'status';
      readonly id: string;
      readonly connection: Connection;
      readonly listeners: Readonly<Record<string, Listener>>;
    }
  | { readonly kind: 'server'; readonly state: ServerState }
  | { readonly kind: 'sample'; readonly sample: EngineSample }
  | { readonly kind: 'log'; readonly lines: readonly EngineLogLine[]; readonly dropped: number }
  /** What a profile learnt about its way, to be kept. */
  | { readonly kind: 'path'; readonly id: string; readonly memory: PathMemory }
  | { readonly kind: 'test'; readonly token: string; readonly event: TestEvent };

/** What comes unasked. */
export type EngineNews = Exclude<EngineMessage, { kind: 'response' | 'refusal' }>;

/** As much of a port as both ends use. */
export interface EnginePort {
  post(message: EngineRequest | EngineMessage): void;
  listen<M extends EngineRequest | EngineMessage>(listener: (message: M) => void): void;
}

/** A worker, its parent's port, or one end of a MessageChannel. */
export function enginePort(port: Worker | MessagePort): EnginePort {
  return {
    post: (message) => port.postMessage(message),
    listen: (listener) => {
      // The two have different overloads of one method.
      if (port instanceof Worker) port.on('message', (message) => listener(message));
      else port.on('message', (message) => listener(message));
    },
  };
}
