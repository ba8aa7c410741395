import { useEffect, useState } from 'react';
import { isLoopback } from '../../src-shared/address.ts';
import type { PortCheck } from '../../src-shared/contract-profiles.ts';
import { MAX_CREDENTIAL, MAX_KEY, MAX_NAME } from '../../src-shared/limits.ts';
import { profileTitle } from '../../src-shared/profile.ts';
import { defaultRule, draftOfRule, type RuleKind, ruleProtocol } from '../../src-shared/rules.ts';
import { host } from '../core/host.ts';
import { useTexts } from '../core/language.tsx';
import { hide } from '../core/overlays.ts';
import {
  bindOf,
  checkRuleForm,
  portWords,
  type RuleErrors,
  type RuleForm,
  ruleFormOf,
} from '../core/rule-form.ts';
import { done, toastFailure } from '../core/toasts.ts';
import { currentApp, useApp } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { SelectField, TextField } from '../ui/field.tsx';
import { StateMark } from '../ui/state-mark.tsx';
import { Checkbox, Switch } from '../ui/toggle.tsx';

interface Props {
  readonly profileId: string;
  readonly ruleId: string | null;
  readonly as: RuleKind;
}

const PAUSE_MS = 250;

export function RuleDialog({ profileId, ruleId, as }: Props) {
  const t = useTexts();
  const profile = useApp((app) => app.profiles[profileId]);
  const udp = useApp((app) => app.host.capabilities.udpRules);
  const rule = profile?.rules.find(({ id }) => id === ruleId);
  const [form, setForm] = useState<RuleForm>(() => ruleFormOf(rule ? draftOfRule(rule) : defaultRule(as)));
  const [errors, setErrors] = useState<RuleErrors>({});
  const [saving, setSaving] = useState(false);
  const put = (change: Partial<RuleForm>) => setForm({ ...form, ...change });
  const words = (field: keyof RuleForm) => {
    const error = errors[field];
    const max = { user: MAX_CREDENTIAL, password: MAX_KEY }[String(field)] ?? MAX_NAME;
    return error && t(`editor.errors.${error}`, { max });
  };
  const kept = rule !== undefined && profile.secrets.ruleAuth.includes(rule.id);
  const save = async () => {
    if (saving) return;
    if (profile === undefined) {
      // Removed by another window meanwhile.
      toastFailure({ code: 'ERR_NOT_FOUND', message: 'the profile is gone' });
      return hide();
    }
    const others = profile.rules.filter(({ id }) => id !== ruleId);
    const checked = checkRuleForm(form, rule?.id, others, kept);
    setErrors(checked.ok ? {} : checked.errors);
    if (!checked.ok) return;
    const { draft } = checked;
    const { revision } = profile;
    setSaving(true);
    const saved = await done((client) =>
      rule === undefined
        ? client.rules.create({ profileId, draft })
        : client.rules.update({ profileId, ruleId: rule.id, revision, draft }),
    );
    setSaving(false);
    if (saved) hide();
  };
  const kinds: ReadonlyArray<{ value: RuleKind; label: string; disabled?: boolean }> = [
    { value: 'static', label: t('ruleKinds.static') },
    { value: 'dynamic', label: t('ruleKinds.dynamic') },
    { value: 'udp', label: t('ruleKinds.udp'), disabled: !udp },
  ];
  return (
    <Dialog
      title={t(rule ? 'editor.rule.editTitle' : 'editor.rule.newTitle')}
      onClose={hide}
      onSubmit={() => void save()}
      foot={
        <>
          <Button onClick={hide}>{t('buttons.cancel')}</Button>
          <Button look="primary" submit busy={saving}>
            {t(rule ? 'buttons.save' : 'buttons.add')}
          </Button>
        </>
      }
    >
      <SelectField
        label={t('editor.rule.kind')}
        value={form.kind}
        options={kinds}
        hint={udp ? undefined : t('rules.udpUnavailable')}
        onChoice={(kind) => put({ kind })}
      />
      <div className="pair pair-port">
        <TextField
          label={t('editor.rule.bind')}
          mono
          value={form.bindHost}
          error={words('bindHost')}
          hint={t('editor.rule.bindHint')}
          onText={(bindHost) => put({ bindHost })}
        />
        <TextField
          label={t('editor.rule.localPort')}
          mono
          inputMode="numeric"
          value={form.bindPort}
          error={words('bindPort')}
          onText={(bindPort) => put({ bindPort })}
        />
      </div>
      <PortAnswer form={form} except={ruleId} onPort={(port) => put({ bindPort: String(port) })} />
      {form.kind === 'dynamic' ? (
        <AuthFields form={form} put={put} words={words} kept={kept} />
      ) : (
        <div className="pair pair-port">
          <TextField
            label={t('editor.rule.target')}
            mono
            placeholder={t('common.serverItself')}
            hint={t('editor.rule.targetHint')}
            value={form.targetHost}
            error={words('targetHost')}
            onText={(targetHost) => put({ targetHost })}
          />
          <TextField
            label={t('editor.rule.targetPort')}
            mono
            inputMode="numeric"
            value={form.targetPort}
            error={words('targetPort')}
            onText={(targetPort) => put({ targetPort })}
          />
        </div>
      )}
      <TextField
        label={t('editor.name')}
        optional={t('common.optional')}
        value={form.name}
        error={words('name')}
        onText={(name) => put({ name })}
      />
      <Switch
        label={t('editor.rule.enabled')}
        checked={form.enabled}
        onChange={(enabled) => put({ enabled })}
      />
    </Dialog>
  );
}

interface AuthProps {
  readonly form: RuleForm;
  readonly put: (change: Partial<RuleForm>) => void;
  readonly words: (field: keyof RuleForm) => string | undefined;
  readonly kept: boolean;
}

function AuthFields({ form, put, words, kept }: AuthProps) {
  const t = useTexts();
  return (
    <>
      <Checkbox label={t('editor.rule.auth')} checked={form.auth} onChange={(auth) => put({ auth })} />
      {form.auth && (
        <div className="pair">
          <TextField
            label={t('editor.rule.user')}
            value={form.user}
            error={words('user')}
            onText={(user) => put({ user })}
          />
          <TextField
            label={t('editor.rule.password')}
            type="password"
            autoComplete="new-password"
            hint={kept ? t('editor.passwordKept') : undefined}
            value={form.password}
            error={words('password')}
            onText={(password) => put({ password })}
          />
        </div>
      )}
    </>
  );
}

/** Whether one can listen there, told while one types: who holds the port, and a free one. */
function PortAnswer(props: { form: RuleForm; except: string | null; onPort: (port: number) => void }) {
  const t = useTexts();
  const { form, except, onPort } = props;
  const check = usePortCheck(form, except);
  const bind = bindOf(form);
  const exposed = bind !== undefined && !isLoopback(bind.host);
  const words =
    check === undefined || bind === undefined ? undefined : portWords(t, check, bind.port, nameOfRule);
  const suggestion = check && 'suggestion' in check ? check.suggestion : null;
  return (
    <div className="port-answer" role="status">
      {words !== undefined && check !== undefined && (
        <p className={`port-line tone-${check.kind === 'free' ? 'connected' : 'failed'}`}>
          <StateMark kind={check.kind === 'free' ? 'connected' : 'failed'} size={14} />
          <span>{words}</span>
          {suggestion !== null && (
            <Button onClick={() => onPort(suggestion)}>{t('rules.useFree', { port: suggestion })}</Button>
          )}
        </p>
      )}
      {exposed && (
        <p className="port-line tone-degraded">
          <StateMark kind="degraded" size={14} />
          <span>{t(form.kind === 'dynamic' && !form.auth ? 'rules.exposedNoAuth' : 'rules.exposed')}</span>
        </p>
      )}
    </div>
  );
}

function nameOfRule(profileId: string, ruleId: string): string {
  const profile = currentApp()?.profiles[profileId];
  const rule = profile?.rules.find(({ id }) => id === ruleId);
  return [profile && profileTitle(profile), rule?.name].filter(Boolean).join(' / ');
}

function usePortCheck(form: RuleForm, except: string | null): PortCheck | undefined {
  const bind = bindOf(form);
  const key = bind === undefined ? '' : JSON.stringify({ protocol: ruleProtocol(form), bind, except });
  const [answer, setAnswer] = useState<{ key: string; check: PortCheck }>();
  useEffect(() => {
    if (key === '') return;
    let wanted = true;
    const timer = setTimeout(async () => {
      const check = await host()
        .rules.checkPort(JSON.parse(key))
        .catch(() => undefined);
      if (wanted && check !== undefined) setAnswer({ key, check });
    }, PAUSE_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [key]);
  return answer?.key === key ? answer.check : undefined;
}
