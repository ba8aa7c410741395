import { useEffect } from 'react';
import { currentTexts } from './language.tsx';
import { ask } from './overlays.ts';
import { guardRoute } from './route.ts';

/** A form that was changed asks before its screen is left. */
export function useLeaveGuard(changed: boolean): void {
  useEffect(() => {
    if (!changed) return;
    return guardRoute(() => {
      const t = currentTexts();
      const yes = t('buttons.discard');
      return ask({ title: t('page.leave'), line: t('common.unsaved'), yes, danger: true });
    });
  }, [changed]);
}
