import { CircleAlert } from 'lucide-react';
import type { Plan } from '../../src-shared/contract-files.ts';
import type { ImportError } from '../../src-shared/import-item.ts';
import { profileTitle } from '../../src-shared/profile.ts';
import { printRule } from '../../src-shared/rules.ts';
import { printServer } from '../../src-shared/server-address.ts';
import { type Choice, offers, type Planned } from '../core/import-choices.ts';
import { useTexts } from '../core/language.tsx';
import { planText } from '../core/plan-words.ts';
import type { Texts } from '../core/texts.ts';

export function importFaultText(t: Texts, { reason, part, line }: ImportError): string {
  const text = t(`importReasons.${reason}`, { part });
  return line === undefined ? text : t('imports.inLine', { line, reason: text });
}

interface Props {
  readonly items: readonly Planned[];
  readonly choices: readonly Choice[];
  readonly onChoices: (choices: readonly Choice[]) => void;
}

/** A backup of a thousand profiles is imported as a whole: so many are listed, the rest is counted. */
const MOST_LISTED = 50;

/** What each item would change, and what is to be done with it. */
export function ImportPreviewList({ items, choices, onChoices }: Props) {
  const t = useTexts();
  const words: Readonly<Record<Choice, (plan: Plan) => string>> = {
    add: (plan) => t(plan.kind === 'add' ? 'imports.add' : 'imports.addBeside'),
    replace: (plan) => t('imports.replace', { name: 'name' in plan ? plan.name : '' }),
    skip: () => t('imports.skip'),
  };
  return (
    <ul className="import-items">
      {items.slice(0, MOST_LISTED).map((item, index) => {
        const { draft, plan, notes, source } = item;
        const key = `${index} ${draft.server.host}`;
        return (
          <li key={key} className="import-item">
            <div className="import-what">
              <p className="import-name">
                {profileTitle(draft)} <span className="badge">{t(`imports.sources.${source}`)}</span>
              </p>
              <p className="mono import-server">
                {printServer(draft.server)} · {t(`transports.${draft.transport}`)}
              </p>
              {draft.rules.length > 0 && (
                <p className="mono import-rules">
                  {draft.rules
                    .map((rule) => `${rule.kind === 'dynamic' ? '-D' : '-L'} ${printRule(rule)}`)
                    .join('   ')}
                </p>
              )}
              <p className="import-plan">{planText(t, plan)}</p>
              {notes.map((note) => (
                <p key={`${note.code} ${note.subject}`} className="import-note">
                  <CircleAlert size={13} aria-hidden="true" />
                  {t(`importNotes.${note.code}`, { subject: note.subject })}
                </p>
              ))}
            </div>
            <select
              className="input select import-choice"
              aria-label={`${t('page.importAll')}: ${profileTitle(draft)}`}
              value={choices[index] ?? 'skip'}
              onChange={(event) => {
                const chosen = offers(plan).find((one) => one === event.target.value);
                if (chosen) onChoices(choices.map((one, at) => (at === index ? chosen : one)));
              }}
            >
              {offers(plan).map((choice) => (
                <option key={choice} value={choice}>
                  {words[choice](plan)}
                </option>
              ))}
            </select>
          </li>
        );
      })}
      {items.length > MOST_LISTED && (
        <li className="import-more">+ {t('profiles.count', { count: items.length - MOST_LISTED })}</li>
      )}
    </ul>
  );
}
