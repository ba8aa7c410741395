import { useState } from 'react';
import { isHost, parsePort, printHostPort } from '../../src-shared/address.ts';
import type { Cover, ServerConfig, ServerView } from '../../src-shared/embedded-server.ts';
import { coverSchema } from '../../src-shared/embedded-server.ts';
import { useTexts } from '../core/language.tsx';
import { useLeaveGuard } from '../core/leave-guard.ts';
import { done, toast } from '../core/toasts.ts';
import { Button } from '../ui/button.tsx';
import { SelectField, TextField } from '../ui/field.tsx';

interface Form {
  readonly port: string;
  readonly bindHost: string;
  readonly publicHost: string;
  readonly publicPort: string;
  readonly cover: Cover['kind'];
  readonly place: string;
}

function formOf({ bind, publicHost, publicPort, cover }: ServerConfig): Form {
  return {
    port: String(bind.port),
    bindHost: bind.host,
    publicHost,
    publicPort: publicPort === null ? '' : String(publicPort),
    cover: cover.kind,
    place: cover.kind === 'proxy' ? cover.url : cover.kind === 'directory' ? cover.directory : '',
  };
}

function coverOf({ cover, place }: Form): Cover | undefined {
  const given =
    cover === 'none'
      ? { kind: cover }
      : cover === 'proxy'
        ? { kind: cover, url: place.trim() }
        : { kind: cover, directory: place.trim() };
  const checked = coverSchema.safeParse(given);
  return checked.success ? checked.data : undefined;
}

/** Where the server listens, what is given out for it, and what strangers see there. */
export function ServerPlaces({ server }: { readonly server: ServerView }) {
  // What the host has taken over is what the form starts from again; the switch is no field of it.
  const { enabled: _, ...places } = server.config;
  return <Places key={JSON.stringify(places)} server={server} />;
}

function Places({ server }: { readonly server: ServerView }) {
  const t = useTexts();
  const before = formOf(server.config);
  const [form, setForm] = useState<Form>(before);
  const put = (change: Partial<Form>) => setForm({ ...form, ...change });
  const port = parsePort(form.port.trim(), 1);
  const publicPort = form.publicPort.trim() === '' ? undefined : parsePort(form.publicPort.trim(), 1);
  const badHost = form.publicHost.trim() !== '' && !isHost(form.publicHost.trim());
  const badBind = form.bindHost !== '*' && !isHost(form.bindHost.trim());
  const cover = coverOf(form);
  const good = port.ok && publicPort?.ok !== false && !badHost && !badBind && cover !== undefined;
  const changed = JSON.stringify(form) !== JSON.stringify(before);
  useLeaveGuard(changed);
  const save = async () => {
    if (!good || !port.ok || cover === undefined) return;
    const bind = { host: form.bindHost.trim(), port: port.value };
    const given = publicPort?.ok ? publicPort.value : null;
    const change = { bind, publicHost: form.publicHost.trim(), publicPort: given, cover };
    if (await done((client) => client.server.configure({ change })))
      toast({ tone: 'done', title: t('settings.saved') });
  };
  const first = server.addresses.at(0);
  return (
    <form
      className="card stack"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <div className="pair pair-port">
        <TextField
          label={t('rules.listensAt')}
          mono
          value={form.bindHost}
          error={badBind ? t('editor.errors.badHost') : undefined}
          hint={t('editor.rule.bindHint')}
          onText={(bindHost) => put({ bindHost })}
        />
        <TextField
          label={t('common.port')}
          mono
          inputMode="numeric"
          value={form.port}
          error={port.ok ? undefined : t('editor.errors.badPort')}
          onText={(text) => put({ port: text })}
        />
      </div>
      <div className="pair pair-port">
        <TextField
          label={t('server.addressToGive')}
          mono
          placeholder={first?.address ?? ''}
          hint={t('server.addressHint')}
          value={form.publicHost}
          error={badHost ? t('editor.errors.badHost') : undefined}
          onText={(publicHost) => put({ publicHost })}
        />
        <TextField
          label={t('server.publicPort')}
          mono
          inputMode="numeric"
          placeholder={form.port}
          value={form.publicPort}
          error={publicPort?.ok === false ? t('editor.errors.badPort') : undefined}
          onText={(text) => put({ publicPort: text })}
        />
      </div>
      {server.addresses.length > 0 && (
        <ul className="chips" aria-label={t('page.thisMachine')}>
          {server.addresses.slice(0, 6).map(({ address, network }) => (
            <li key={`${network} ${address}`}>
              <button type="button" className="chip" onClick={() => put({ publicHost: address })}>
                <span>{printHostPort(address, 0).replace(/:0$/, '')}</span> {network}
              </button>
            </li>
          ))}
        </ul>
      )}
      <SelectField
        label={t('server.cover')}
        value={form.cover}
        options={(['none', 'proxy', 'directory'] as const).map((value) => ({
          value,
          label: t(`server.covers.${value}`),
        }))}
        onChoice={(kind) => put({ cover: kind, place: '' })}
      />
      {form.cover !== 'none' && (
        <TextField
          label={t(`server.covers.${form.cover}`)}
          mono
          placeholder={form.cover === 'proxy' ? 'http://127.0.0.1:8080' : '/var/www/html'}
          value={form.place}
          error={cover === undefined && form.place !== '' ? t('editor.errors.required') : undefined}
          onText={(place) => put({ place })}
        />
      )}
      {changed && (
        <div className="buttons">
          <Button look="primary" submit disabled={!good}>
            {t('buttons.save')}
          </Button>
          <Button onClick={() => setForm(before)}>{t('buttons.discard')}</Button>
        </div>
      )}
    </form>
  );
}
