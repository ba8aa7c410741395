import { Copy } from 'lucide-react';
import { actionFor, type Failure } from '../../src-shared/errors.ts';
import { copyText, detailsText, fix, type Place } from '../core/actions.ts';
import { failureFacts } from '../core/failure-facts.ts';
import { useTexts } from '../core/language.tsx';
import { Button } from './button.tsx';
import { StateMark } from './state-mark.tsx';

/** The button that mends a failure. */
export function FixButton(props: { failure: Failure; place: Place; primary?: boolean; large?: boolean }) {
  const t = useTexts();
  const { failure, place, primary, large } = props;
  return (
    <Button look={primary ? 'primary' : 'plain'} large={large} onClick={() => void fix(failure, place)}>
      {t(`actions.${actionFor(failure.code)}`)}
    </Button>
  );
}

interface Props {
  readonly failure: Failure;
  readonly place?: Place;
  readonly title?: string;
  /** The fix stands elsewhere already. */
  readonly withoutFix?: boolean;
}

/** Cause in words, what is known of it, and what to do. */
export function FailurePanel({ failure, place, title, withoutFix }: Props) {
  const t = useTexts();
  const facts = failureFacts(t, failure);
  return (
    <div className="failure">
      <StateMark kind="failed" />
      <div className="failure-text">
        <p className="failure-title">
          {title && <span className="failure-whose">{title}</span>}
          {t(`failures.${failure.code}.title`)}
        </p>
        <p>{t(`failures.${failure.code}.body`)}</p>
        {facts.length > 0 && <p className="failure-facts">{facts.join(' · ')}</p>}
      </div>
      <div className="failure-buttons">
        {place && !withoutFix && <FixButton failure={failure} place={place} />}
        <Button look="quiet" icon={Copy} onClick={() => void copyText(detailsText(failure))}>
          {t('buttons.copyDetails')}
        </Button>
      </div>
    </div>
  );
}
