import { isEveryHost, isLoopback } from '../../src-shared/address.ts';
import type {
  ServerClients,
  ServerConfig,
  ServerConfigChange,
  ServerState,
} from '../../src-shared/embedded-server.ts';
import { MAX_SERVER_CLIENTS } from '../../src-shared/limits.ts';
import { printLink } from '../../src-shared/link.ts';
import { newDraft } from '../../src-shared/profile.ts';
import { KEEP } from '../../src-shared/schema.ts';
import { generateKey } from '../engine/index.ts';
import type { ConfigKeeper } from './config-keeper.ts';
import type { EngineLink } from './engine-link.ts';
import { failureOf, HostError, notFound } from './failures.ts';
import { localAddresses } from './local-addresses.ts';
import { SERVER_KEY, type SecretVault } from './secret-vault.ts';
import type { StateHub } from './state-hub.ts';

/** Addresses come and go; they are looked at this often, ms. */
const LOOK_MS = 10_000;

/** The embedded server as a person switches and edits it. */
export class ServerService {
  private readonly hub: StateHub;
  private readonly config: ConfigKeeper;
  private readonly vault: SecretVault;
  private readonly engine: EngineLink;
  private readonly timer: NodeJS.Timeout;

  constructor(parts: { hub: StateHub; config: ConfigKeeper; vault: SecretVault; engine: EngineLink }) {
    ({ hub: this.hub, config: this.config, vault: this.vault, engine: this.engine } = parts);
    this.publish();
    this.timer = setInterval(() => this.lookAtAddresses(), LOOK_MS).unref();
  }

  /** Runs what the configuration says, at the start and after the engine was lost. */
  resume(): void {
    if (this.config.server.enabled) void this.run();
  }

  async start(): Promise<void> {
    if (!this.vault.has(SERVER_KEY)) await this.vault.change(new Map([[SERVER_KEY, generateKey()]]));
    this.config.save({ server: { ...this.config.server, enabled: true } });
    this.publish();
    await this.run();
  }

  async stop(): Promise<void> {
    this.config.save({ server: { ...this.config.server, enabled: false } });
    this.publish();
    await this.engine.ask('stopServer').catch(() => this.took({ kind: 'stopped' }));
  }

  async configure(change: ServerConfigChange): Promise<void> {
    const server = { ...this.config.server, ...change };
    this.config.save({ server });
    this.publish();
    // What links say is no matter of the listener.
    const { publicHost: _host, publicPort: _port, ...listens } = change;
    if (server.enabled && Object.keys(listens).length > 0) await this.run();
  }

  /** All of it, as from a backup; without a key the one there is stays. Whether it runs is this host's own matter. */
  async replace(server: ServerConfig, key: string | null): Promise<void> {
    if (key !== null) await this.vault.change(new Map([[SERVER_KEY, key]]));
    this.config.save({ server: { ...server, enabled: this.config.server.enabled } });
    this.publish();
    if (this.config.server.enabled) await this.run();
  }

  async setKey(text: string): Promise<void> {
    await this.vault.change(new Map([[SERVER_KEY, text]]));
    this.publish();
    if (this.config.server.enabled) await this.run();
  }

  /** ERR_NO_KEY, ERR_LOCKED. */
  revealKey(): string {
    const key = this.vault.get(SERVER_KEY);
    if (key === undefined) throw new HostError('ERR_NO_KEY', 'the server has no key yet');
    return key;
  }

  /** A share link for this server. ERR_NO_KEY; ERR_BAD_ADDRESS where no address is known to give out. */
  pairingLink(withKey: boolean, host: string): string {
    const { publicHost, publicPort, bind, path } = this.config.server;
    const { state, addresses } = this.hub.state.server;
    const own = isEveryHost(bind.host) ? undefined : bind.host;
    const place = [host, publicHost, own, addresses[0]?.address].find(
      (one) => one !== undefined && one !== '',
    );
    if (place === undefined) {
      throw new HostError('ERR_BAD_ADDRESS', 'this machine has no address that others could reach it by', {
        remedy: 'enter the host name or address to give out',
      });
    }
    const port = publicPort ?? (state.kind === 'running' ? state.port : bind.port);
    const key = withKey ? ({ kind: 'set', text: this.revealKey() } as const) : KEEP;
    const draft = newDraft({
      server: { scheme: 'http', host: place, port, path },
      secrets: { key, proxyPassword: KEEP },
    });
    return printLink(draft, { withKey, withRules: false });
  }

  async clients(): Promise<ServerClients> {
    const { total, clients } = await this.engine
      .ask('serverClients', { limit: MAX_SERVER_CLIENTS })
      .catch(() => ({ total: 0, clients: [] }));
    return { at: Date.now(), total, clients };
  }

  async disconnect(id: string): Promise<void> {
    if (!(await this.engine.ask('disconnectClient', { id }))) throw notFound('client');
  }

  took(state: ServerState): void {
    this.hub.set({ server: { ...this.hub.state.server, state } });
  }

  engineLost(): void {
    if (this.config.server.enabled) this.took({ kind: 'starting' });
  }

  publish(): void {
    const { state } = this.hub.state.server;
    const key = this.vault.info(SERVER_KEY);
    this.hub.set({ server: { config: this.config.server, state, key, addresses: this.addresses() } });
  }

  close(): void {
    clearInterval(this.timer);
  }

  private async run(): Promise<void> {
    try {
      await this.engine.ask('startServer', { config: this.config.server, key: this.revealKey() });
    } catch (error) {
      const failure = failureOf(error);
      // A lost engine takes it up again by itself.
      if (failure.code !== 'ERR_ENGINE_LOST') this.took({ kind: 'failed', failure });
    }
  }

  /** Of a server for this machine alone there is nothing to give out. */
  private addresses(): ReturnType<typeof localAddresses> {
    const { host } = this.config.server.bind;
    if (isLoopback(host)) return [{ address: host, network: 'lo' }];
    return localAddresses();
  }

  private lookAtAddresses(): void {
    const addresses = this.addresses();
    const { server } = this.hub.state;
    if (JSON.stringify(addresses) !== JSON.stringify(server.addresses)) {
      this.hub.set({ server: { ...server, addresses } });
    }
  }
}
