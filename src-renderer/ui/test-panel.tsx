import { actionFor } from '../../src-shared/errors.ts';
import { copyText, detailsText } from '../core/actions.ts';
import { failureFacts } from '../core/failure-facts.ts';
import { useTexts } from '../core/language.tsx';
import type { Steps, TestState } from '../core/profile-test.ts';
import { Button } from './button.tsx';
import { StateMark } from './state-mark.tsx';

const STEP_MARK = { running: 'connecting', passed: 'connected', failed: 'failed' } as const;

/** How a test goes, and what came of it. */
export function TestPanel({ test }: { readonly test: TestState }) {
  const t = useTexts();
  if (test.kind === 'idle') return <div className="test" />;
  return (
    <div className="test" role="status">
      <StepList steps={test.steps} />
      {test.kind === 'passed' && (
        <p className="test-outcome tone-connected">
          <StateMark kind="connected" />
          {t('test.passed', {
            transport: t(`transports.${test.outcome.transport}`),
            rtt: t.duration(test.outcome.rttMs),
          })}
        </p>
      )}
      {test.kind === 'failed' && (
        <div className="test-outcome test-failed">
          <p>
            <strong>{t(`failures.${test.failure.code}.title`)}.</strong>{' '}
            {t(`failures.${test.failure.code}.body`)}
          </p>
          {failureFacts(t, test.failure).map((fact) => (
            <p key={fact} className="failure-facts">
              {fact}
            </p>
          ))}
          <TestFix test={test} />
        </div>
      )}
    </div>
  );
}

/** Where to look: in a form the place is a field of it, so its button says so and goes there. */
function TestFix({ test }: { readonly test: TestState & { kind: 'failed' } }) {
  const t = useTexts();
  return (
    <div className="test-buttons">
      <span className="hint-line">{t(`actions.${actionFor(test.failure.code)}`)}</span>
      <Button look="quiet" onClick={() => void copyText(detailsText(test.failure))}>
        {t('buttons.copyDetails')}
      </Button>
    </div>
  );
}

function StepList({ steps }: { readonly steps: Steps }) {
  const t = useTexts();
  return (
    <ol className="steps">
      {steps.map(({ step, state }) => (
        <li key={step} className={`step tone-${STEP_MARK[state]}`}>
          <StateMark kind={STEP_MARK[state]} size={13} />
          {t(`test.steps.${step}`)}
        </li>
      ))}
    </ol>
  );
}
