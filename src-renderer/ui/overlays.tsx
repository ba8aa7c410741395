import { useTexts } from '../core/language.tsx';
import { hide, type Question, useOverlay } from '../core/overlays.ts';
import { go } from '../core/route.ts';
import { BackupDialog } from '../views/backup-dialog.tsx';
import { ClockDialog } from '../views/clock-dialog.tsx';
import { RestoreDialog } from '../views/restore-dialog.tsx';
import { RuleDialog } from '../views/rule-dialog.tsx';
import { SecretsDialog } from '../views/secrets-dialog.tsx';
import { ShareDialog } from '../views/share-dialog.tsx';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { ImportBox } from './import-box.tsx';
import { Palette } from './palette.tsx';

/** What lies over the screen, one at a time. */
export function Overlays() {
  const shown = useOverlay();
  if (shown === null) return null;
  switch (shown.kind) {
    case 'palette':
      return <Palette />;
    case 'import':
      return <ImportDialog text={shown.text} />;
    case 'share':
      return <ShareDialog profileId={shown.profileId} />;
    case 'rule':
      return <RuleDialog profileId={shown.profileId} ruleId={shown.ruleId} as={shown.as} />;
    case 'clock':
      return <ClockDialog failure={shown.failure} profileId={shown.profileId} />;
    case 'backup':
      return <BackupDialog />;
    case 'restore':
      return <RestoreDialog />;
    case 'secrets':
      return <SecretsDialog />;
    case 'ask':
      return <AskDialog question={shown.ask} />;
  }
}

function ImportDialog({ text }: { readonly text: string }) {
  const t = useTexts();
  return (
    <Dialog title={t('imports.title')} onClose={hide} wide>
      <ImportBox
        label={t('firstRun.paste')}
        placeholder={t('firstRun.placeholder')}
        text={text}
        onDone={(ids) => {
          hide();
          void (ids.length === 1 ? go('profiles', ids[0]) : go('profiles'));
        }}
      />
    </Dialog>
  );
}

function AskDialog({ question }: { readonly question: Question }) {
  const t = useTexts();
  const close = (yes: boolean) => {
    question.answer(yes);
    hide();
  };
  return (
    <Dialog
      title={question.title}
      onClose={() => close(false)}
      onSubmit={() => close(true)}
      foot={
        <>
          <Button onClick={() => close(false)}>{t('buttons.cancel')}</Button>
          <Button look={question.danger ? 'danger' : 'primary'} submit data-autofocus>
            {question.yes}
          </Button>
        </>
      }
    >
      <p>{question.line}</p>
    </Dialog>
  );
}
