import type { Cover, ServerClient, ServerConfig, ServerState } from '../../src-shared/embedded-server.ts';
import {
  type CoverSpec,
  CulvertError,
  describeError,
  type Logger,
  parseKey,
  Server,
  type ServerSessionStatus,
  type UserKey,
} from '../engine/index.ts';
import type { ServerCounters } from './engine-messages.ts';
import { failureOf } from './failures.ts';
import { engineLimits } from './run-client.ts';
import { Turns } from './turns.ts';

/** Rates are measured over at least so long, ms. */
const MIN_SPAN_MS = 90;
const MAX_ADDRESS = 261;

interface Meter {
  sent: number;
  received: number;
  up: number;
  down: number;
}

/** The embedded server at work. */
export class ServerRunner {
  private readonly log: Logger;
  private readonly onState: (state: ServerState) => void;
  private server: Server | undefined;
  /** Of the sessions there are, by id; and what all that ever were have moved. */
  private meters = new Map<string, Meter>();
  private up = 0;
  private down = 0;
  private measuredAt = performance.now();
  private readonly turns = new Turns();

  constructor(log: Logger, onState: (state: ServerState) => void) {
    this.log = log;
    this.onState = onState;
  }

  /** Runs with this configuration and key; one that runs is ended first. The outcome is told by `onState`. */
  start(config: ServerConfig, key: string): Promise<void> {
    return this.turns.take(async () => {
      await this.end();
      this.onState({ kind: 'starting' });
      try {
        const port = await this.listen(config, await parseKey(key));
        this.onState({ kind: 'running', since: Date.now(), port });
      } catch (error) {
        const failure = failureOf(error, { port: config.bind.port, subject: config.bind.host });
        this.onState({ kind: 'failed', failure });
      }
    });
  }

  stop(): Promise<void> {
    return this.turns.take(async () => {
      await this.end();
      this.onState({ kind: 'stopped' });
    });
  }

  disconnect(id: string): boolean {
    return this.server?.disconnect(id) ?? false;
  }

  counters(): ServerCounters | null {
    if (this.server === undefined) return null;
    const sessions = this.measure();
    const connections = sessions.reduce((sum, session) => sum + session.streams, 0);
    return { up: this.up, down: this.down, clients: sessions.length, connections };
  }

  clients(limit: number): { total: number; clients: ServerClient[] } {
    const sessions = this.measure();
    const clients = sessions.slice(0, limit).map((session): ServerClient => {
      const { up, down } = this.meters.get(session.id) ?? { up: 0, down: 0 };
      const address = addressOf(session);
      const transport = session.transport ?? null;
      // The server's view turned round: `up` is what the client sends.
      const { id, since, streams: connections, received: sent, sent: received } = session;
      return { id, address, transport, since, connections, sent, received, up, down };
    });
    return { total: sessions.length, clients };
  }

  /** Takes the counters in, and the rates where the last look was long enough ago. */
  private measure(): ServerSessionStatus[] {
    const sessions = this.server?.sessions() ?? [];
    const now = performance.now();
    const seconds = (now - this.measuredAt) / 1000;
    if (seconds * 1000 < MIN_SPAN_MS) return sessions;
    this.measuredAt = now;
    const next = new Map<string, Meter>();
    for (const { id, sent, received } of sessions) {
      const last = this.meters.get(id) ?? { sent: 0, received: 0 };
      const [up, down] = [Math.max(0, received - last.received), Math.max(0, sent - last.sent)];
      this.up += up;
      this.down += down;
      next.set(id, { sent, received, up: up / seconds, down: down / seconds });
    }
    this.meters = next;
    return sessions;
  }

  /** With KCP at the UDP port of the same number, or without where somebody has that one. Gives the TCP port. */
  private async listen(config: ServerConfig, user: UserKey): Promise<number> {
    const { host, port } = config.bind;
    const listen = host === '*' ? { port } : { host, port };
    const told = config.publicPort ?? undefined;
    for (const udp of [{ ...listen, told }, undefined]) {
      const server = new Server({
        listen,
        udp,
        users: [user],
        cover: coverSpec(config.cover),
        config: engineLimits(config.limits),
        log: this.log,
      });
      try {
        const bound = await server.start();
        this.server = server;
        return bound.port;
      } catch (error) {
        if (udp === undefined) throw error;
        this.log.warn(`without KCP, if at all: ${describeError(error)}`);
      }
    }
    throw new CulvertError('ERR_INTERNAL', 'the server was not started');
  }

  private async end(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    this.meters.clear();
    await server?.close();
  }
}

function coverSpec(cover: Cover): CoverSpec {
  return cover.kind === 'directory' ? { kind: 'directory', path: cover.directory } : cover;
}

/** Where a session comes from: its carrier's label ends so, `WebSocket from 192.0.2.7:51234`. */
function addressOf({ from }: ServerSessionStatus): string | null {
  if (from === undefined) return null;
  return from.slice(from.lastIndexOf(' ') + 1).slice(0, MAX_ADDRESS);
}
