import { ArrowLeft, Share2, Trash2 } from 'lucide-react';
import { type RefObject, useEffect, useRef, useState } from 'react';
import { toFailure } from '../../src-shared/errors.ts';
import { draftOf, newDraft, type ProfileDraft, profileTitle } from '../../src-shared/profile.ts';
import { removeProfile } from '../core/actions.ts';
import { host } from '../core/host.ts';
import { useTexts } from '../core/language.tsx';
import { useLeaveGuard } from '../core/leave-guard.ts';
import { show } from '../core/overlays.ts';
import { checkForm, type FormErrors, formOf, type ProfileForm, portRange } from '../core/profile-form.ts';
import { useProfileTest } from '../core/profile-test.ts';
import { go, releaseRoute } from '../core/route.ts';
import { toast, toastFailure } from '../core/toasts.ts';
import { currentApp, useApp } from '../store.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { DayChart } from '../ui/day-chart.tsx';
import { Empty, Screen } from '../ui/screen.tsx';
import { TestPanel } from '../ui/test-panel.tsx';
import { ProfileFields } from './profile-fields.tsx';

interface Props {
  /** null: a new one. */
  readonly id: string | null;
  /** The field that a failure's button asked for. */
  readonly field: string;
}

export function ProfileEditor({ id, field }: Props) {
  const t = useTexts();
  const known = useApp((app) => id === null || Object.hasOwn(app.profiles, id));
  const [turn, setTurn] = useState(0);
  if (known) return <Editor key={turn} id={id} field={field} onReload={() => setTurn(turn + 1)} />;
  return (
    <Screen title={t('profiles.title')}>
      <Empty icon={ArrowLeft} line={t('page.profileGone')}>
        <Button onClick={() => void go('profiles')}>{t('profiles.title')}</Button>
      </Empty>
    </Screen>
  );
}

/** What the editor was opened with: its revision tells whether somebody else has saved meanwhile. */
function useBase(id: string | null): { draft: ProfileDraft; revision: number } {
  const [base] = useState(() => {
    const profile = id === null ? undefined : currentApp()?.profiles[id];
    return { draft: profile ? draftOf(profile) : newDraft(), revision: profile?.revision ?? 0 };
  });
  return base;
}

function Editor({ id, field, onReload }: Props & { readonly onReload: () => void }) {
  const t = useTexts();
  const base = useBase(id);
  const profile = useApp((app) => (id === null ? undefined : app.profiles[id]));
  const [form, setForm] = useState<ProfileForm>(() => formOf(base.draft));
  const [errors, setErrors] = useState<FormErrors>({});
  const [saving, setSaving] = useState(false);
  const changed = JSON.stringify(form) !== JSON.stringify(formOf(base.draft));
  const test = useProfileTest(id);
  const box = useRef<HTMLFormElement>(null);
  useFocusField(box, field);
  useLeaveGuard(changed && !saving);
  const moved = profile !== undefined && profile.revision !== base.revision;

  const check = (): ProfileDraft | undefined => {
    // Rules are edited on their own screen: those that are there now are kept.
    const rules = profile ? draftOf(profile).rules : base.draft.rules;
    const checked = checkForm(form, { ...base.draft, rules });
    setErrors(checked.ok ? {} : checked.errors);
    if (checked.ok) return checked.draft;
    focusField(box.current, Object.keys(checked.errors)[0]);
    return undefined;
  };
  const save = async () => {
    const draft = check();
    if (draft === undefined) return;
    setSaving(true);
    try {
      const api = host().profiles;
      if (id === null) await api.create({ draft });
      else await api.update({ id, revision: base.revision, draft });
      toast({ tone: 'done', title: t('page.savedProfile', { name: profileTitle(draft) }) });
      releaseRoute();
      await go('profiles');
    } catch (error) {
      toastFailure(toFailure(error));
      setSaving(false);
    }
  };
  const title = profile ? t('editor.editTitle', { name: profileTitle(profile) }) : t('editor.newTitle');
  return (
    <Screen
      title={title}
      filled
      tools={
        <>
          {profile && (
            <>
              <IconButton
                label={t('buttons.share')}
                icon={Share2}
                onClick={() => show({ kind: 'share', profileId: profile.id })}
              />
              <IconButton
                label={t('buttons.delete')}
                icon={Trash2}
                danger
                onClick={() =>
                  void removeProfile(profile).then((gone) => (gone ? go('profiles') : undefined))
                }
              />
            </>
          )}
          <Button icon={ArrowLeft} onClick={() => void go('profiles')}>
            {t('profiles.title')}
          </Button>
        </>
      }
    >
      <form
        className="editor"
        ref={box}
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <div className="editor-scroll">
          <div className="editor-body">
            {moved && (
              <div className="warn-line warn-line-row">
                <p>{t('common.changedElsewhere')}</p>
                <Button onClick={onReload}>{t('actions.reload')}</Button>
              </div>
            )}
            <ProfileFields
              form={form}
              errors={errors}
              profile={profile}
              onChange={(next) => {
                setForm(next);
                test.clear();
              }}
            />
            {profile && <DayChart profileId={profile.id} />}
          </div>
        </div>
        <footer className="editor-foot">
          <TestPanel test={test.state} />
          <div className="editor-buttons">
            <Button
              busy={test.state.kind === 'running'}
              onClick={() => {
                const draft = check();
                if (draft !== undefined) void test.run(draft);
              }}
            >
              {t('buttons.test')}
            </Button>
            <Button look="primary" submit busy={saving}>
              {t(test.state.kind === 'failed' ? 'test.saveAnyway' : 'buttons.save')}
            </Button>
          </div>
        </footer>
      </form>
    </Screen>
  );
}

/** Puts the cursor where the trouble is; of *refused*, on the port. */
function useFocusField(box: RefObject<HTMLFormElement | null>, field: string): void {
  useEffect(() => {
    focusField(box.current, field === '' ? 'name' : field);
  }, [box, field]);
}

const ALIAS: Readonly<Record<string, string>> = {
  port: 'address',
  proxy: 'proxyKind',
  limits: 'writeBuffer',
};

function focusField(box: HTMLFormElement | null, field: string): void {
  const name = ALIAS[field] ?? field;
  const input = box?.querySelector<HTMLElement>(`[data-field="${name}"]`);
  if (!input) return;
  const folded = input.closest('details');
  if (folded) folded.open = true;
  input.focus();
  if (!(input instanceof HTMLInputElement)) return;
  if (field === 'port') input.setSelectionRange(...portRange(input.value));
  else if (field !== 'name') input.select();
}
