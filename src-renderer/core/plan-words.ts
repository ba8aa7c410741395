/** What an import or a restore would do to one profile, in words. Pure. */
import type { Plan } from '../../src-shared/contract-files.ts';
import type { ProfileDraft } from '../../src-shared/profile.ts';
import type { TextKey, Texts } from './texts.ts';

/** What the editor calls the fields of a draft; `secrets` is told as its key. */
const FIELDS: Readonly<Record<Exclude<keyof ProfileDraft, 'secrets'> | 'key', TextKey>> = {
  name: 'editor.name',
  server: 'editor.address',
  transport: 'editor.transport',
  proxy: 'editor.proxy',
  headers: 'editor.headers',
  hostHeader: 'editor.hostHeader',
  sni: 'editor.sni',
  userAgent: 'editor.userAgent',
  ca: 'editor.ca',
  limits: 'editor.sections.limits',
  connectAtStart: 'editor.connectAtStart',
  rules: 'screens.rules',
  key: 'editor.key',
};

function fieldText(t: Texts, field: string): string {
  return Object.hasOwn(FIELDS, field) ? t(FIELDS[field as keyof typeof FIELDS]) : field;
}

export function planText(t: Texts, plan: Plan): string {
  switch (plan.kind) {
    case 'add':
      return t('imports.add');
    case 'same':
      return t('imports.same', { name: plan.name });
    case 'differs': {
      const list = new Intl.ListFormat(t.language, { type: 'conjunction' });
      const fields = list.format(plan.fields.map((field) => fieldText(t, field)));
      return t('imports.differs', { name: plan.name, fields });
    }
  }
}
