/** What happens to each thing that is imported: the person's choice, and what is sent for it. Pure. */
import type { Plan } from '../../src-shared/contract-files.ts';
import type { ImportItem } from '../../src-shared/import-item.ts';
import type { ProfileDraft } from '../../src-shared/profile.ts';

export type Choice = 'add' | 'replace' | 'skip';
export type Planned = ImportItem & { readonly plan: Plan };

/** What one may choose, the usual first. */
export function offers(plan: Plan): readonly Choice[] {
  switch (plan.kind) {
    case 'add':
      return ['add', 'skip'];
    case 'differs':
      return ['replace', 'add', 'skip'];
    case 'same':
      return ['skip', 'add'];
  }
}

export function defaultChoices(items: readonly Planned[]): readonly Choice[] {
  return items.map(({ plan }) => offers(plan)[0]);
}

export function toApply(
  items: readonly Planned[],
  choices: readonly Choice[],
): Array<{ draft: ProfileDraft; replace: string | null }> {
  return items.flatMap(({ draft, plan }, index) => {
    const choice = choices[index] ?? 'skip';
    if (choice === 'skip') return [];
    return [{ draft, replace: choice === 'replace' && plan.kind !== 'add' ? plan.id : null }];
  });
}
