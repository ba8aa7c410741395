import { useState } from 'react';
import { profileTitle } from '../../src-shared/profile.ts';
import { type SettingsChange, settingsChangeSchema } from '../../src-shared/settings.ts';
import { useTexts } from '../core/language.tsx';
import { done } from '../core/toasts.ts';
import { useApp } from '../store.ts';
import { Part } from '../ui/screen.tsx';
import { Line } from '../ui/setting-line.tsx';

const save = (change: SettingsChange) => void done((client) => client.settings.change({ change }));

/** What only a desktop has: keys that hold everywhere, and the proxy of the system. */
export function DesktopPart() {
  const t = useTexts();
  return (
    <Part title={t('desktop.title')}>
      <div className="card lines">
        <ShortcutLine />
        <ProxyLine />
      </div>
    </Part>
  );
}

/** Saved when one leaves the field, so that no half of a shortcut is ever taken from other programs. */
function ShortcutLine() {
  const t = useTexts();
  const shortcut = useApp((app) => app.settings.shortcut);
  const [typed, setTyped] = useState<string>();
  const text = typed ?? shortcut;
  const right = settingsChangeSchema.safeParse({ shortcut: text.trim() }).success;
  return (
    <Line label={t('desktop.shortcut')} hint={t('desktop.shortcutHint')}>
      <input
        className="input picker"
        aria-label={t('desktop.shortcut')}
        aria-invalid={!right}
        value={text}
        spellCheck={false}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={() => {
          if (right && text.trim() !== shortcut) save({ shortcut: text.trim() });
          if (right) setTyped(undefined);
        }}
      />
    </Line>
  );
}

const keyOf = (chosen: { profileId: string; ruleId: string } | null): string =>
  chosen === null ? '' : `${chosen.profileId} ${chosen.ruleId}`;

/** Dynamic rules without a password: no system's setting can carry one. */
function ProxyLine() {
  const t = useTexts();
  const chosen = useApp((app) => keyOf(app.settings.systemProxy));
  const { order, profiles } = useApp(({ order, profiles }) => ({ order, profiles }));
  const rules = order.flatMap((profileId) => {
    const profile = profiles[profileId];
    if (profile?.origin !== 'user') return [];
    return profile.rules
      .filter((rule) => rule.kind === 'dynamic' && rule.auth === null)
      .map((rule) => ({
        value: { profileId, ruleId: rule.id },
        label: `${profileTitle(profile)} · ${rule.name || rule.bind.port}`,
      }));
  });
  return (
    <Line label={t('desktop.systemProxy')} hint={t('desktop.systemProxyHint')}>
      <select
        className="input select picker"
        aria-label={t('desktop.systemProxy')}
        value={chosen}
        onChange={(event) => {
          const rule = rules.find(({ value }) => keyOf(value) === event.target.value);
          save({ systemProxy: rule?.value ?? null });
        }}
      >
        <option value="">{t('desktop.systemProxyOff')}</option>
        {rules.map(({ value, label }) => (
          <option key={keyOf(value)} value={keyOf(value)}>
            {label}
          </option>
        ))}
      </select>
    </Line>
  );
}
