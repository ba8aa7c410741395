import type { Failure } from '../../src-shared/errors.ts';
import { retry } from '../core/actions.ts';
import { failureFacts } from '../core/failure-facts.ts';
import { useTexts } from '../core/language.tsx';
import { hide } from '../core/overlays.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';

/** A clock that is off, where the host cannot open the system's settings: by how much, and how to set it. */
export function ClockDialog(props: { readonly failure: Failure; readonly profileId: string }) {
  const t = useTexts();
  return (
    <Dialog
      title={t('failures.ERR_CLOCK.title')}
      onClose={hide}
      foot={
        <Button
          look="primary"
          data-autofocus
          onClick={() => {
            hide();
            void retry(props.profileId);
          }}
        >
          {t('actions.retry')}
        </Button>
      }
    >
      {failureFacts(t, props.failure).map((fact) => (
        <p key={fact}>{fact}</p>
      ))}
      <p>{t('page.clockSteps')}</p>
    </Dialog>
  );
}
