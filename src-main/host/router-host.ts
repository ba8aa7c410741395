/** The calls of contract-server.ts, contract-files.ts and contract-system.ts. */

import { CONTRACT_VERSION } from '../../src-shared/contract-system.ts';
import { generateKey } from '../engine/index.ts';
import type { DesktopHooks } from './desktop-hooks.ts';
import { HostError, notFound } from './failures.ts';
import type { Host } from './host.ts';
import { paced } from './pacing.ts';
import { os, readerOf, streamed } from './router-base.ts';

export function serverRouter(host: Host) {
  const { server } = host;
  return {
    start: os.server.start.handler(() => server.start()),
    stop: os.server.stop.handler(() => server.stop()),
    configure: os.server.configure.handler(({ input }) => server.configure(input.change)),
    setKey: os.server.setKey.handler(({ input }) =>
      server.setKey(input.kind === 'set' ? input.text : generateKey()),
    ),
    revealKey: os.server.revealKey.handler(() => ({ text: server.revealKey() })),
    pairingLink: os.server.pairingLink.handler(({ input }) => ({
      link: server.pairingLink(input.withKey, input.host),
    })),
    clients: os.server.clients.handler(({ input, context, signal }) =>
      streamed(
        context,
        paced(input.hz, readerOf(context, signal), () => server.clients()),
      ),
    ),
    disconnect: os.server.disconnect.handler(({ input }) => server.disconnect(input.id)),
  };
}

export function filesRouter(host: Host) {
  const { transfer, backups } = host;
  return {
    share: {
      link: os.share.link.handler(({ input }) => transfer.link(input.id, input.withKey, input.withRules)),
    },
    imports: {
      preview: os.imports.preview.handler(({ input }) => transfer.preview(input.text)),
      apply: os.imports.apply.handler(({ input }) => transfer.apply(input.items)),
    },
    backup: {
      create: os.backup.create.handler(({ input }) => backups.create(input.withKeys, input.passphrase)),
      preview: os.backup.preview.handler(({ input }) => backups.preview(input.content, input.passphrase)),
      restore: os.backup.restore.handler(({ input }) => backups.restore(input)),
    },
  };
}

export function systemRouter(host: Host) {
  const { hub, vault, desktop } = host;
  return {
    system: {
      hello: os.system.hello.handler(() => ({
        contract: CONTRACT_VERSION,
        version: hub.state.host.version,
      })),
      ping: os.system.ping.handler(() => {}),
      networkChanged: os.system.networkChanged.handler(({ input }) => host.runs.networkChanged(input.online)),
      openClockSettings: os.system.openClockSettings.handler(() => {
        if (desktop === undefined) throw unsupported('opening the clock settings');
        return desktop.openClockSettings();
      }),
      dismissNotice: os.system.dismissNotice.handler(({ input }) => {
        if (!hub.dismiss(input.id)) throw notFound('notice');
      }),
    },
    settings: {
      change: os.settings.change.handler(({ input }) => host.settings.change(input.change)),
    },
    secrets: {
      unlock: os.secrets.unlock.handler(({ input }) => host.unlock(input.passphrase)),
      setStore: os.secrets.setStore.handler(async ({ input }) => {
        await vault.setStore(input.store, input.store === 'passphrase' ? input.passphrase : undefined);
        host.secretsChanged();
      }),
    },
    update: {
      check: os.update.check.handler(() => updatable(host).checkUpdate()),
      load: os.update.load.handler(() => updatable(host).loadUpdate()),
      install: os.update.install.handler(() => updatable(host).installUpdate()),
    },
    undo: {
      run: os.undo.run.handler(({ input }) => host.undo.run(input.token)),
    },
    tryIt: {
      start: os.tryIt.start.handler(() => host.tryIt.start()),
      stop: os.tryIt.stop.handler(() => host.tryIt.stop()),
    },
  };
}

function updatable({ desktop, hub }: Host): DesktopHooks {
  if (desktop === undefined || !hub.state.host.capabilities.updates) throw unsupported('updating itself');
  return desktop;
}

function unsupported(what: string): HostError {
  return new HostError('ERR_UNSUPPORTED', `${what} is not for this host`);
}
