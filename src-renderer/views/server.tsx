import { Copy, Eye, EyeOff, KeyRound, Unplug } from 'lucide-react';
import { useState } from 'react';
import type { ServerClient, ServerClients, ServerView } from '../../src-shared/embedded-server.ts';
import { formatBytes, formatRate } from '../../src-shared/format.ts';
import { copyText } from '../core/actions.ts';
import { useTexts } from '../core/language.tsx';
import { ask } from '../core/overlays.ts';
import { useStream } from '../core/streams.ts';
import { attempt, done } from '../core/toasts.ts';
import { hostNow, useApp, useLink } from '../store.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { FailurePanel } from '../ui/failure-panel.tsx';
import { KeyWords } from '../ui/key-field.tsx';
import { Part, Screen } from '../ui/screen.tsx';
import { StateMark } from '../ui/state-mark.tsx';
import { Switch } from '../ui/toggle.tsx';
import { PairingPart } from './server-pairing.tsx';
import { ServerPlaces } from './server-places.tsx';

const STATE_MARK = {
  stopped: 'stopped',
  starting: 'connecting',
  running: 'connected',
  failed: 'failed',
} as const;

/** The server on this machine, for others: one switch, what to give out, and who is there. */
export function Server() {
  const t = useTexts();
  const server = useApp((app) => app.server);
  const { state } = server;
  const running = state.kind === 'running';
  return (
    <Screen title={t('server.title')} beside={t('server.line')}>
      <div className="page">
        <ServerSwitch server={server} />
        {state.kind === 'failed' && (
          <div className="card">
            <FailurePanel failure={state.failure} />
          </div>
        )}
        <div className="server-columns">
          <div className="server-column">
            <Part title={t('common.address')}>
              <ServerPlaces server={server} />
            </Part>
            <Part title={t('server.key')} line={t('server.reach')}>
              <ServerKey server={server} />
            </Part>
          </div>
          <Part title={t('server.pairing')} line={t('server.pairingLine')}>
            <PairingPart server={server} />
          </Part>
        </div>
        <Part title={t('server.clients')} line={running ? t('server.disconnectHint') : undefined}>
          {running ? <Clients /> : <p className="card quiet-card">{t('server.clientsOff')}</p>}
        </Part>
      </div>
    </Screen>
  );
}

function ServerSwitch({ server }: { readonly server: ServerView }) {
  const t = useTexts();
  const up = useLink() === 'up';
  const { state, config } = server;
  const kind = up ? STATE_MARK[state.kind] : 'unknown';
  const detail =
    state.kind === 'running'
      ? `${t('server.runningAt', { port: state.port })} · ${t('stateDetails.since', { age: t.duration(Math.max(0, hostNow() - state.since)) })}`
      : t('server.line');
  return (
    <div className={`card hero tone-${kind}`}>
      <StateMark kind={kind} size={30} />
      <div className="hero-text">
        <p className="hero-word" role="status">
          {up ? t(`server.states.${state.kind}`) : t('page.noAnswer')}
        </p>
        <p className="hero-line">{detail}</p>
      </div>
      <Switch
        bare
        label={t('page.serverOn')}
        checked={config.enabled}
        onChange={(on) => void done((client) => (on ? client.server.start() : client.server.stop()))}
      />
    </div>
  );
}

function ServerKey({ server }: { readonly server: ServerView }) {
  const t = useTexts();
  const [shown, setShown] = useState('');
  const reveal = async () => {
    if (shown !== '') return setShown('');
    const answer = await attempt((client) => client.server.revealKey());
    if (answer !== undefined) setShown(answer.text);
  };
  const renew = async () => {
    const line = t('server.newKeyAsk');
    const yes = t('server.newKey');
    if (server.key.kind === 'set' && !(await ask({ title: yes, line, yes, danger: true }))) return;
    await done((client) => client.server.setKey({ kind: 'generate' }));
    setShown('');
  };
  return (
    <div className="card stack">
      {shown !== '' && <code className="secret">{shown}</code>}
      <KeyWords info={server.key} />
      <div className="buttons">
        {server.key.kind === 'set' && (
          <>
            <Button icon={shown === '' ? Eye : EyeOff} onClick={() => void reveal()}>
              {t(shown === '' ? 'buttons.show' : 'buttons.hide')}
            </Button>
            {shown !== '' && (
              <Button icon={Copy} onClick={() => void copyText(shown)}>
                {t('buttons.copy')}
              </Button>
            )}
          </>
        )}
        <Button icon={KeyRound} onClick={() => void renew()}>
          {t('server.newKey')}
        </Button>
      </div>
    </div>
  );
}

function Clients() {
  const t = useTexts();
  const [now, setNow] = useState<ServerClients>();
  useStream(
    'clients',
    (client, signal) => client.server.clients({ hz: 1 }, { signal }),
    (message) => setNow(message),
  );
  if (now === undefined || now.clients.length === 0)
    return <p className="card quiet-card">{t('server.clientsEmpty')}</p>;
  return (
    <div className="card table-card">
      <table className="table">
        <caption className="visually-hidden">{t('server.clients')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('common.address')}</th>
            <th scope="col" className="wide-only">
              {t('connections.transport')}
            </th>
            <th scope="col" className="cell-number">
              {t('screens.connections')}
            </th>
            <th scope="col" className="cell-number">
              {t('connections.rates')}
            </th>
            <th scope="col" className="cell-number wide-only">
              {t('common.total')}
            </th>
            <th scope="col" className="cell-number wide-only">
              {t('connections.age')}
            </th>
            <th scope="col" className="cell-menu">
              <span className="visually-hidden">{t('common.actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {now.clients.map((client) => (
            <ClientRow key={client.id} client={client} at={now.at} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ClientRow({ client, at }: { readonly client: ServerClient; readonly at: number }) {
  const t = useTexts();
  const address = client.address ?? t('server.detached');
  return (
    <tr>
      <td>
        <span className={client.address === null ? 'cell-main' : 'cell-main mono'}>{address}</span>
      </td>
      <td className="wide-only">{client.transport === null ? '–' : t(`transports.${client.transport}`)}</td>
      <td className="cell-number">{client.connections}</td>
      <td className="cell-number">
        ↓ {formatRate(client.down)} <span className="figure-second">↑ {formatRate(client.up)}</span>
      </td>
      <td className="cell-number wide-only">{formatBytes(client.sent + client.received)}</td>
      <td className="cell-number wide-only">{t.duration(Math.max(0, at - client.since))}</td>
      <td className="cell-menu">
        <IconButton
          label={t('server.disconnectClient', { address })}
          icon={Unplug}
          danger
          onClick={() => void done((host) => host.server.disconnect({ id: client.id }))}
        />
      </td>
    </tr>
  );
}
