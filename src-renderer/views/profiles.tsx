import { Import, Plus } from 'lucide-react';
import { useState } from 'react';
import { useTexts } from '../core/language.tsx';
import { useLiveFigures } from '../core/live.ts';
import { show } from '../core/overlays.ts';
import { go, useRoute } from '../core/route.ts';
import { useApp } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { FilterBox } from '../ui/filter-box.tsx';
import { ProfileRows } from '../ui/profile-rows.tsx';
import { Screen } from '../ui/screen.tsx';
import { ProfileEditor } from './profile-editor.tsx';

export function Profiles() {
  const { item, query } = useRoute();
  if (item === '') return <ProfileList />;
  return <ProfileEditor key={item} id={item === 'new' ? null : item} field={query.get('field') ?? ''} />;
}

/** Below this many one sees them all, and a search would be in the way. */
const SEARCH_FROM = 8;

function ProfileList() {
  const t = useTexts();
  const count = useApp((app) => app.order.length);
  const [search, setSearch] = useState('');
  useLiveFigures(1);
  return (
    <Screen
      title={t('profiles.title')}
      beside={t('profiles.count', { count })}
      filled
      tools={
        <>
          {count >= SEARCH_FROM && (
            <FilterBox label={t('profiles.search')} value={search} onText={setSearch} />
          )}
          <Button icon={Import} onClick={() => show({ kind: 'import', text: '' })}>
            {t('buttons.import')}
          </Button>
          <Button look="primary" icon={Plus} onClick={() => void go('profiles', 'new')}>
            {t('profiles.add')}
          </Button>
        </>
      }
    >
      <ProfileRows search={search} />
    </Screen>
  );
}
