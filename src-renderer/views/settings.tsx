import { ArchiveRestore, Download, KeyRound } from 'lucide-react';
import { GRAPH_WINDOWS, LANGUAGES, LOG_LEVELS, type SettingsChange } from '../../src-shared/settings.ts';
import { useTexts } from '../core/language.tsx';
import { show } from '../core/overlays.ts';
import { done } from '../core/toasts.ts';
import { useApp } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { Part, Screen } from '../ui/screen.tsx';
import { Line } from '../ui/setting-line.tsx';
import { Segments, Switch } from '../ui/toggle.tsx';
import { DesktopPart } from './desktop-part.tsx';
import { UpdatePart } from './update-part.tsx';

const save = (change: SettingsChange) => void done((client) => client.settings.change({ change }));

/** Each setting holds at once: there is nothing to save. */
export function Settings() {
  const t = useTexts();
  const { host, secrets } = useApp(({ host, secrets }) => ({ host, secrets }));
  const settings = useApp((app) => app.settings);
  const { capabilities } = host;
  return (
    <Screen title={t('settings.title')}>
      <div className="page page-narrow">
        <Part title={t('settings.sections.look')}>
          <div className="card lines">
            <Line label={t('settings.theme')}>
              <Segments
                label={t('settings.theme')}
                value={settings.theme}
                options={(['system', 'light', 'dark'] as const).map((value) => ({
                  value,
                  label: t(`settings.themes.${value}`),
                }))}
                onChoice={(theme) => save({ theme })}
              />
            </Line>
            <Line label={t('settings.language')}>
              <Segments
                label={t('settings.language')}
                value={settings.language}
                options={(['system', ...LANGUAGES] as const).map((value) => ({
                  value,
                  label: t(`settings.languages.${value}`),
                }))}
                onChoice={(language) => save({ language })}
              />
            </Line>
            <Line label={t('settings.graphWindow')}>
              <Segments
                label={t('settings.graphWindow')}
                value={settings.graphWindow}
                options={GRAPH_WINDOWS.map((value) => ({ value, label: t(`graph.windows.${value}`) }))}
                onChoice={(graphWindow) => save({ graphWindow })}
              />
            </Line>
          </div>
        </Part>
        {(capabilities.startAtLogin || capabilities.startHidden) && (
          <Part title={t('settings.sections.start')}>
            <div className="card lines">
              {capabilities.startAtLogin && (
                <Line label={t('settings.startAtLogin')}>
                  <Switch
                    bare
                    label={t('settings.startAtLogin')}
                    checked={settings.startAtLogin}
                    onChange={(startAtLogin) => save({ startAtLogin })}
                  />
                </Line>
              )}
              {capabilities.startHidden && (
                <Line label={t('settings.startHidden')}>
                  <Switch
                    bare
                    label={t('settings.startHidden')}
                    checked={settings.startHidden}
                    onChange={(startHidden) => save({ startHidden })}
                  />
                </Line>
              )}
            </div>
          </Part>
        )}
        {(capabilities.shortcut || capabilities.systemProxy) && <DesktopPart />}
        <Part title={t('settings.sections.messages')}>
          <div className="card lines">
            {capabilities.notifications && (
              <Line label={t('settings.notifications')}>
                <Segments
                  label={t('settings.notifications')}
                  value={settings.notifications}
                  options={(['all', 'problems', 'none'] as const).map((value) => ({
                    value,
                    label: t(`settings.notificationChoices.${value}`),
                  }))}
                  onChoice={(notifications) => save({ notifications })}
                />
              </Line>
            )}
            <Line label={t('settings.logLevel')}>
              <select
                className="input select picker"
                aria-label={t('settings.logLevel')}
                value={settings.logLevel}
                onChange={(event) => {
                  const logLevel = LOG_LEVELS.find((level) => level === event.target.value);
                  if (logLevel) save({ logLevel });
                }}
              >
                {LOG_LEVELS.map((level) => (
                  <option key={level} value={level}>
                    {t(`logs.levels.${level}`)}
                  </option>
                ))}
              </select>
            </Line>
          </div>
        </Part>
        <Part title={t('settings.sections.secrets')}>
          <div className="card lines">
            <Line label={t(`secrets.stores.${secrets.store}`)} hint={t(`secrets.${secrets.store}Hint`)}>
              <Button icon={KeyRound} onClick={() => show({ kind: 'secrets' })}>
                {t(secrets.locked ? 'secrets.unlock' : 'secrets.change')}
              </Button>
            </Line>
          </div>
        </Part>
        <Part title={t('settings.sections.backup')}>
          <div className="card lines">
            <Line label={t('backup.line')}>
              <div className="buttons">
                <Button icon={Download} onClick={() => show({ kind: 'backup' })}>
                  {t('backup.create')}
                </Button>
                <Button icon={ArchiveRestore} onClick={() => show({ kind: 'restore' })}>
                  {t('backup.restore')}
                </Button>
              </div>
            </Line>
          </div>
        </Part>
        {capabilities.updates && <UpdatePart />}
        <p className="about">
          {t('settings.about', { version: host.version, platform: `${host.platform}, ${host.runtime}` })}
        </p>
      </div>
    </Screen>
  );
}
