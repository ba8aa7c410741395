import { useEffect, useState } from 'react';
import { useTexts } from '../core/language.tsx';
import { useLink } from '../store.ts';
import { Button } from './button.tsx';

/** A moment in which everything is well needs no words: they come when it takes longer. */
const PATIENCE_MS = 700;

/** Before the first answer of the host. */
export function Starting() {
  const t = useTexts();
  const link = useLink();
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  if (link === 'outdated') {
    return (
      <main className="starting">
        <h1>{t('frame.reload')}</h1>
        <Button look="primary" large onClick={() => location.reload()}>
          {t('actions.reload')}
        </Button>
      </main>
    );
  }
  return (
    <main className="starting" aria-busy="true">
      {late && (
        <>
          <span className="spinner spinner-large" aria-hidden="true" />
          <h1>{t('page.starting')}</h1>
          <p>{t('page.startingLine')}</p>
        </>
      )}
    </main>
  );
}
