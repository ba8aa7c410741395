/** What the buttons of states and failures do. */
import { type Action, actionFor, type Failure } from '../../src-shared/errors.ts';
import { MAX_NAME } from '../../src-shared/limits.ts';
import { type ProfileView, profileTitle } from '../../src-shared/profile.ts';
import { printDetails, privateOf, redactor } from '../../src-shared/redact.ts';
import { draftOfRule, ruleProtocol } from '../../src-shared/rules.ts';
import { currentApp } from '../store.ts';
import { currentTexts } from './language.tsx';
import { ask, show } from './overlays.ts';
import { go } from './route.ts';
import { attempt, done, toast, toastUndo } from './toasts.ts';

export const connect = (...ids: string[]) => done((client) => client.profiles.connect({ ids }));
export const disconnect = (...ids: string[]) => done((client) => client.profiles.disconnect({ ids }));
export const retryNow = (id: string | null) => done((client) => client.profiles.retryNow({ id }));

/** What a failure is about: a profile, or a rule of it. */
export interface Place {
  readonly profileId: string;
  readonly ruleId?: string;
}

/** Does what the button of a failure says. */
export async function fix(failure: Failure, place: Place): Promise<void> {
  const edit = (field: string) => go('profiles', place.profileId, { field });
  const action: Action = actionFor(failure.code);
  switch (action) {
    case 'editKey':
      return edit('key');
    case 'editHost':
      return edit('address');
    case 'editPort':
      return edit('port');
    case 'editServer':
      return edit('path');
    case 'editProxy':
      return edit('proxy');
    case 'editTls':
      return edit('ca');
    case 'editLimits':
      return edit('limits');
    case 'useHttp':
      await attempt((client) => client.profiles.setTransport({ id: place.profileId, transport: 'http' }));
      await connect(place.profileId);
      return;
    case 'fixClock':
      return fixClock(failure, place.profileId);
    case 'useFreePort':
      return takeFreePort(place);
    case 'editBind':
    case 'editRule':
      return editRule(place);
    case 'unlock':
      show({ kind: 'secrets' });
      return;
    case 'openLogs':
      return go('logs');
    case 'reload':
      location.reload();
      return;
    case 'retry':
      await retry(place.profileId);
      return;
  }
}

/** A failed profile is still on: it is switched on anew; one that waits is told not to. */
export async function retry(profileId: string): Promise<void> {
  const kind = currentApp()?.statuses[profileId]?.connection.kind;
  await (kind === 'reconnecting' ? retryNow(profileId) : connect(profileId));
}

async function fixClock(failure: Failure, profileId: string): Promise<void> {
  if (currentApp()?.host.capabilities.clockSettings) {
    await done((client) => client.system.openClockSettings());
    return;
  }
  show({ kind: 'clock', failure, profileId });
}

async function editRule({ profileId, ruleId }: Place): Promise<void> {
  await go('rules', profileId);
  const rule = currentApp()?.profiles[profileId]?.rules.find((one) => one.id === ruleId);
  if (rule !== undefined) show({ kind: 'rule', profileId, ruleId: rule.id, as: rule.kind });
}

/** Moves a rule to a free port near its own. Without one that is known, the rule is opened. */
async function takeFreePort(place: Place): Promise<void> {
  const profile = currentApp()?.profiles[place.profileId];
  const rule = profile?.rules.find((one) => one.id === place.ruleId);
  if (profile === undefined || rule === undefined) return go('rules', place.profileId);
  const check = await attempt((client) =>
    client.rules.checkPort({ protocol: ruleProtocol(rule), bind: rule.bind, except: rule.id }),
  );
  if (check === undefined) return;
  const suggestion = check.kind === 'free' ? rule.bind.port : 'suggestion' in check ? check.suggestion : null;
  if (suggestion === null) return editRule(place);
  const draft = { ...draftOfRule(rule), bind: { ...rule.bind, port: suggestion } };
  const { revision } = profile;
  const { profileId } = place;
  const moved = await done((client) => client.rules.update({ profileId, ruleId: rule.id, revision, draft }));
  const t = currentTexts();
  if (moved) toast({ tone: 'done', title: t('page.movedToPort', { port: suggestion }) });
}

export async function duplicateProfile(profile: ProfileView): Promise<void> {
  const t = currentTexts();
  const name = t('profiles.copyOf', { name: profileTitle(profile) }).slice(0, MAX_NAME);
  const copy = await attempt((client) => client.profiles.duplicate({ id: profile.id, name }));
  if (copy !== undefined) await go('profiles', copy.id);
}

/** Answers whether it is gone. */
export async function removeProfile(profile: ProfileView): Promise<boolean> {
  const t = currentTexts();
  const name = profileTitle(profile);
  const running = currentApp()?.statuses[profile.id]?.on;
  const line = t('profiles.deleteRunning', { name });
  const yes = t('buttons.delete');
  if (running && !(await ask({ title: `${yes}: ${name}`, line, yes, danger: true }))) return false;
  const undo = await attempt((client) => client.profiles.remove({ ids: [profile.id] }));
  if (undo === undefined) return false;
  toastUndo(t('common.deleted', { name }), undo);
  return true;
}

/** Puts text on the clipboard and says so; where the browser refuses, it says that. */
export async function copyText(text: string): Promise<void> {
  const t = currentTexts();
  try {
    await navigator.clipboard.writeText(text);
    toast({ tone: 'done', title: t('buttons.copied') });
  } catch {
    toast({ tone: 'problem', title: t('page.copyDenied'), line: text.slice(0, 200) });
  }
}

/** What a person sends along when asking for help: no address, no name, no key. */
export function detailsText(failure: Failure): string {
  const app = currentApp();
  if (app === undefined) return failure.code;
  const { subject = '', ...details } = failure.details ?? {};
  const known = privateOf(Object.values(app.profiles), app.server.config);
  // What it is about may be in no profile yet, as in a test of one that is not saved.
  const redact = redactor({ ...known, hosts: [...known.hosts, subject] });
  return `${printDetails({ ...failure, details }, app.host, redact)}time: ${new Date().toISOString()}`;
}
