/** The editor's form of a rule. Pure. */
import { bindHostSchema, isHost, parsePort } from '../../src-shared/address.ts';
import type { PortCheck } from '../../src-shared/contract-profiles.ts';
import {
  collide,
  type Rule,
  type RuleDraft,
  type RuleKind,
  ruleDraftSchema,
} from '../../src-shared/rules.ts';
import { KEEP } from '../../src-shared/schema.ts';
import type { Texts } from './texts.ts';

export interface RuleForm {
  readonly kind: RuleKind;
  readonly name: string;
  readonly enabled: boolean;
  readonly bindHost: string;
  readonly bindPort: string;
  readonly targetHost: string;
  readonly targetPort: string;
  readonly auth: boolean;
  readonly user: string;
  readonly password: string;
}

export type RuleError = 'required' | 'badHost' | 'badPort' | 'collides' | 'tooLong' | 'badText';
export type RuleErrors = Partial<Record<keyof RuleForm, RuleError>>;

export function ruleFormOf(draft: RuleDraft): RuleForm {
  const target = draft.kind === 'dynamic' ? { host: '', port: 80 } : draft.target;
  const auth = draft.kind === 'dynamic' ? draft.auth : null;
  return {
    kind: draft.kind,
    name: draft.name,
    enabled: draft.enabled,
    bindHost: draft.bind.host,
    bindPort: String(draft.bind.port),
    targetHost: target.host,
    targetPort: String(target.port),
    auth: auth !== null,
    user: auth?.user ?? '',
    password: '',
  };
}

/** The bind of a form, as soon as it is one: the port is checked while one types. */
export function bindOf(form: RuleForm): { host: string; port: number } | undefined {
  const port = parsePort(form.bindPort.trim(), 0);
  const host = bindHostSchema.safeParse(form.bindHost.trim());
  return port.ok && host.success ? { host: host.data, port: port.value } : undefined;
}

export type RuleChecked =
  | { readonly ok: true; readonly draft: RuleDraft }
  | { readonly ok: false; readonly errors: RuleErrors };

/** `others`: the profile's other rules. `id`: of the rule that is edited. */
export function checkRuleForm(
  form: RuleForm,
  id: string | undefined,
  others: readonly Rule[],
  keepsPassword: boolean,
): RuleChecked {
  const errors: RuleErrors = {};
  const bind = bindOf(form);
  if (!bindHostSchema.safeParse(form.bindHost.trim()).success) errors.bindHost = 'badHost';
  if (!parsePort(form.bindPort.trim(), 0).ok) errors.bindPort = 'badPort';
  const targetHost = form.targetHost.trim();
  const targetPort = parsePort(form.targetPort.trim(), 1);
  if (form.kind !== 'dynamic') {
    if (targetHost !== '' && !isHost(targetHost)) errors.targetHost = 'badHost';
    if (!targetPort.ok) errors.targetPort = 'badPort';
  } else if (form.auth) {
    if (form.user === '') errors.user = 'required';
    if (form.password === '' && !keepsPassword) errors.password = 'required';
  }
  if (bind === undefined || Object.keys(errors).length > 0) return { ok: false, errors };
  const common = { ...(id !== undefined && { id }), name: form.name.trim(), enabled: form.enabled, bind };
  const password = form.password === '' ? KEEP : ({ kind: 'set', text: form.password } as const);
  const given: RuleDraft =
    form.kind === 'dynamic'
      ? { ...common, kind: 'dynamic', auth: form.auth ? { user: form.user, password } : null }
      : {
          ...common,
          kind: form.kind,
          target: { host: targetHost, port: targetPort.ok ? targetPort.value : 1 },
        };
  if (given.enabled && others.some((other) => other.enabled && collide(other, given)))
    return { ok: false, errors: { bindPort: 'collides' } };
  const checked = ruleDraftSchema.safeParse(given);
  if (checked.success) return { ok: true, draft: checked.data };
  const { path, code } = checked.error.issues[0];
  const field = path[0] !== 'auth' ? 'name' : path[1] === 'user' ? 'user' : 'password';
  return { ok: false, errors: { [field]: code === 'too_big' ? 'tooLong' : 'badText' } };
}

/** What a check of a port says, in words; `nameOf` gives the name of the rule that holds it. */
export function portWords(
  t: Texts,
  check: PortCheck,
  port: number,
  nameOf: (profileId: string, ruleId: string) => string,
): string {
  switch (check.kind) {
    case 'free':
      return port === 0 ? t('rules.anyPort') : t('rules.portFree', { port });
    case 'forbidden':
      return t('rules.portForbidden', { port });
    case 'badAddress':
      return t('rules.badBind');
    case 'taken': {
      const { holder } = check;
      if (holder.kind === 'process')
        return t('rules.portTaken', { port, holder: `${holder.name} (pid ${holder.pid})` });
      if (holder.kind === 'rule')
        return t('rules.portTakenRule', { port, holder: nameOf(holder.profileId, holder.ruleId) });
      return t(holder.kind === 'server' ? 'rules.portTakenServer' : 'rules.portTakenUnknown', { port });
    }
  }
}
