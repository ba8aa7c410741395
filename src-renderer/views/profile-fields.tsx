import { Plus, Trash2 } from 'lucide-react';
import type { ReactNode } from 'react';
import { formatBytes } from '../../src-shared/format.ts';
import { MAX_CA, MAX_HEADERS, MAX_HOST, MAX_KEY, MAX_NAME, MAX_USER_AGENT } from '../../src-shared/limits.ts';
import {
  MAX_TIMEOUT_SECONDS,
  MAX_WRITE_BUFFER,
  MIN_WRITE_BUFFER,
  type ProfileView,
  TRANSPORTS,
} from '../../src-shared/profile.ts';
import { useTexts } from '../core/language.tsx';
import { type FormErrors, type ProfileForm, type ProxyKind, withAddress } from '../core/profile-form.ts';
import { useApp } from '../store.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { SelectField, TextArea, TextField } from '../ui/field.tsx';
import { KeyField } from '../ui/key-field.tsx';
import { Switch } from '../ui/toggle.tsx';

interface Props {
  readonly form: ProfileForm;
  readonly errors: FormErrors;
  readonly profile: ProfileView | undefined;
  readonly onChange: (form: ProfileForm) => void;
}

type Put = (change: Partial<ProfileForm>) => void;

export function ProfileFields({ form, errors, profile, onChange }: Props) {
  const t = useTexts();
  const put: Put = (change) => onChange({ ...form, ...change });
  const words = useErrorWords(errors);
  return (
    <>
      <fieldset className="group">
        <legend>{t('editor.sections.server')}</legend>
        <TextField
          label={t('editor.name')}
          optional={t('common.optional')}
          placeholder={t('editor.namePlaceholder')}
          field="name"
          value={form.name}
          error={words('name')}
          onText={(name) => put({ name })}
        />
        <TextField
          label={t('editor.address')}
          mono
          required
          placeholder="server.example:80"
          hint={t('editor.addressHint')}
          field="address"
          value={form.address}
          error={words('address')}
          onText={(text) => onChange(withAddress(form, text))}
        />
        <Switch label={t('editor.secure')} checked={form.secure} onChange={(secure) => put({ secure })} />
        <KeyField form={form} profile={profile} error={words('key')} put={put} />
      </fieldset>
      <WayFields form={form} profile={profile} put={put} words={words} />
      <RequestFields form={form} put={put} words={words} />
      <TlsFields form={form} put={put} words={words} />
      <LimitFields form={form} put={put} words={words} />
      <fieldset className="group">
        <legend>{t('editor.sections.start')}</legend>
        <Switch
          label={t('editor.connectAtStart')}
          checked={form.connectAtStart}
          onChange={(connectAtStart) => put({ connectAtStart })}
        />
      </fieldset>
    </>
  );
}

type Words = (field: keyof ProfileForm) => string | undefined;

function useErrorWords(errors: FormErrors): Words {
  const t = useTexts();
  const range: Partial<Record<keyof ProfileForm, readonly [string | number, string | number]>> = {
    writeBuffer: [MIN_WRITE_BUFFER, MAX_WRITE_BUFFER],
    throttle: [0, '10^15'],
    timeout: [0, MAX_TIMEOUT_SECONDS],
    hostHeader: [0, MAX_HOST],
    sni: [0, MAX_HOST],
    userAgent: [0, MAX_USER_AGENT],
    ca: [0, MAX_CA],
    key: [0, MAX_KEY],
  };
  return (field) => {
    const error = errors[field];
    if (error === undefined) return undefined;
    const [min, max] = range[field] ?? [0, MAX_NAME];
    return t(`editor.errors.${error}`, { min, max });
  };
}

interface SectionProps {
  readonly form: ProfileForm;
  readonly put: Put;
  readonly words: Words;
}

/** A group that is folded up while all of it is as usual. */
function Folded(props: { title: string; summary: string; open: boolean; children: ReactNode }) {
  return (
    <details className="group folded" open={props.open}>
      <summary>
        <span className="folded-title">{props.title}</span>
        <span className="folded-summary">{props.summary}</span>
      </summary>
      <div className="folded-body">{props.children}</div>
    </details>
  );
}

function WayFields({
  form,
  put,
  words,
  profile,
}: SectionProps & { readonly profile: ProfileView | undefined }) {
  const t = useTexts();
  const kcp = useApp((app) => app.host.capabilities.kcp);
  const kinds: ReadonlyArray<{ value: ProxyKind; label: string }> = [
    { value: 'none', label: t('editor.proxyNone') },
    { value: 'http', label: t('editor.proxyKinds.http') },
    { value: 'socks5', label: t('editor.proxyKinds.socks5') },
    // The engine speaks no TLS to the proxy itself: one that was imported so is shown, and none is chosen so.
    ...(form.proxyKind === 'https' ? [{ value: 'https' as const, label: t('editor.proxyKinds.https') }] : []),
  ];
  return (
    <fieldset className="group">
      <legend>{t('editor.sections.way')}</legend>
      <SelectField
        label={t('editor.transport')}
        field="transport"
        value={form.transport}
        hint={t(`transportHints.${form.transport}`)}
        options={TRANSPORTS.map((value) => ({
          value,
          label: t(`transports.${value}`),
          disabled: value === 'kcp' && !kcp,
        }))}
        onChoice={(transport) => put({ transport })}
      />
      <SelectField
        label={t('editor.proxy')}
        field="proxyKind"
        value={form.proxyKind}
        options={kinds}
        onChoice={(proxyKind) => put({ proxyKind })}
      />
      {form.proxyKind !== 'none' && (
        <>
          <TextField
            label={t('common.address')}
            mono
            placeholder="proxy.example:8080"
            field="proxyAddress"
            value={form.proxyAddress}
            error={words('proxyAddress')}
            onText={(proxyAddress) => put({ proxyAddress })}
          />
          <div className="pair">
            <TextField
              label={t('editor.proxyUser')}
              optional={t('common.optional')}
              value={form.proxyUser}
              onText={(proxyUser) => put({ proxyUser })}
            />
            <TextField
              label={t('editor.proxyPassword')}
              type="password"
              autoComplete="new-password"
              hint={profile?.secrets.proxyPassword ? t('editor.passwordKept') : undefined}
              value={form.proxyPassword}
              onText={(proxyPassword) => put({ proxyPassword })}
            />
          </div>
        </>
      )}
    </fieldset>
  );
}

function RequestFields({ form, put, words }: SectionProps) {
  const t = useTexts();
  const usual = form.headers.length === 0 && !form.hostHeader && !form.userAgent && form.path === '/';
  const summary = usual
    ? t('common.default')
    : [form.path !== '/' && form.path, form.hostHeader, ...form.headers.map(({ name }) => name)]
        .filter(Boolean)
        .join(' · ');
  const wrong = ['path', 'hostHeader', 'headers', 'userAgent'] as const;
  return (
    <Folded
      title={t('editor.sections.request')}
      summary={summary}
      open={wrong.some((field) => words(field) !== undefined)}
    >
      <TextField
        label={t('editor.path')}
        mono
        field="path"
        value={form.path}
        error={words('path')}
        onText={(path) => put({ path })}
      />
      <TextField
        label={t('editor.hostHeader')}
        mono
        hint={t('editor.hostHeaderHint')}
        field="hostHeader"
        value={form.hostHeader}
        error={words('hostHeader')}
        onText={(hostHeader) => put({ hostHeader })}
      />
      <TextField
        label={t('editor.userAgent')}
        mono
        hint={t('editor.userAgentHint')}
        field="userAgent"
        value={form.userAgent}
        error={words('userAgent')}
        onText={(userAgent) => put({ userAgent })}
      />
      <HeaderFields form={form} put={put} words={words} />
    </Folded>
  );
}

function HeaderFields({ form, put, words }: SectionProps) {
  const t = useTexts();
  const { headers } = form;
  const change = (id: number, part: { name?: string; value?: string }) =>
    put({ headers: headers.map((header) => (header.id === id ? { ...header, ...part } : header)) });
  const error = words('headers');
  return (
    <div className="headers">
      <p className="field-label">{t('editor.headers')}</p>
      {headers.map(({ id, name, value }) => (
        <div key={id} className="header-row">
          <input
            className="input mono"
            data-field="headers"
            aria-label={t('editor.headerName')}
            placeholder={t('editor.headerName')}
            value={name}
            onChange={(event) => change(id, { name: event.target.value })}
          />
          <input
            className="input mono"
            aria-label={t('editor.headerValue')}
            placeholder={t('editor.headerValue')}
            value={value}
            onChange={(event) => change(id, { value: event.target.value })}
          />
          <IconButton
            label={t('buttons.delete')}
            icon={Trash2}
            onClick={() => put({ headers: headers.filter((header) => header.id !== id) })}
          />
        </div>
      ))}
      {error && <p className="field-error">{error}</p>}
      <Button
        icon={Plus}
        disabled={headers.length >= MAX_HEADERS}
        onClick={() => {
          const id = Math.max(0, ...headers.map((header) => header.id + 1));
          put({ headers: [...headers, { id, name: '', value: '' }] });
        }}
      >
        {t('editor.addHeader')}
      </Button>
    </div>
  );
}

function TlsFields({ form, put, words }: SectionProps) {
  const t = useTexts();
  const usual = form.sni === '' && form.ca === '';
  return (
    <Folded
      title={t('editor.sections.tls')}
      summary={usual ? t('common.default') : form.sni || 'PEM'}
      open={words('sni') !== undefined || words('ca') !== undefined}
    >
      <TextField
        label={t('editor.sni')}
        mono
        field="sni"
        value={form.sni}
        error={words('sni')}
        onText={(sni) => put({ sni })}
      />
      <TextArea
        label={t('editor.ca')}
        hint={t('editor.caHint')}
        rows={4}
        field="ca"
        value={form.ca}
        error={words('ca')}
        onText={(ca) => put({ ca })}
      />
    </Folded>
  );
}

function LimitFields({ form, put, words }: SectionProps) {
  const t = useTexts();
  const bytes = (text: string) => (/^\d{1,15}$/.test(text) ? formatBytes(Number(text)) : undefined);
  const throttled = form.throttle !== '0' && form.throttle !== '';
  const summary = [
    bytes(form.writeBuffer),
    throttled ? `${bytes(form.throttle)}/s` : t('common.unlimited'),
    form.timeout === '' ? undefined : `${form.timeout} s`,
  ];
  return (
    <Folded
      title={t('editor.sections.limits')}
      summary={summary.filter(Boolean).join(' · ')}
      open={(['writeBuffer', 'throttle', 'timeout'] as const).some((field) => words(field) !== undefined)}
    >
      <div className="pair">
        <TextField
          label={t('editor.writeBuffer')}
          inputMode="numeric"
          mono
          hint={bytes(form.writeBuffer)}
          field="writeBuffer"
          value={form.writeBuffer}
          error={words('writeBuffer')}
          onText={(writeBuffer) => put({ writeBuffer })}
        />
        <TextField
          label={t('editor.throttle')}
          inputMode="numeric"
          mono
          hint={throttled ? bytes(form.throttle) : t('common.unlimited')}
          field="throttle"
          value={form.throttle}
          error={words('throttle')}
          onText={(throttle) => put({ throttle })}
        />
      </div>
      <TextField
        label={t('editor.timeout')}
        inputMode="numeric"
        mono
        hint={t('editor.timeoutHint')}
        field="timeout"
        value={form.timeout}
        error={words('timeout')}
        onText={(timeout) => put({ timeout })}
      />
    </Folded>
  );
}
