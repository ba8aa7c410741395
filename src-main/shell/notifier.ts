/** Tells of what a person would otherwise not notice: a way that was lost, found again, or given up. */
import { fill } from '../../src-shared/i18n/fill.ts';
import type { Messages } from '../../src-shared/i18n/messages.ts';
import { profileTitle } from '../../src-shared/profile.ts';
import type { AppState } from '../../src-shared/state.ts';
import { type ConnectionKind, isUp } from '../../src-shared/status.ts';

export interface Note {
  readonly profileId: string;
  readonly title: string;
  readonly body: string;
}

/** A way that is found again sooner is not worth a word, ms. */
const LOST_AFTER_MS = 3_000;

interface Seen {
  /** What was told last, so that each is told once. */
  told: 'up' | 'lost' | 'failed' | 'nothing';
  lostAt: number | undefined;
  kind: ConnectionKind;
}

/** Pure but for what it remembers: takes states and the time, gives what is to be shown. */
export class Notifier {
  private readonly seen = new Map<string, Seen>();

  /** `settings.notifications` decides: `problems` is lost and failed, `all` adds restored and connected. */
  take(state: AppState, texts: Messages, now: number): readonly Note[] {
    const notes: Note[] = [];
    const choice = state.settings.notifications;
    for (const id of this.seen.keys()) if (state.statuses[id]?.on !== true) this.seen.delete(id);
    for (const { id, on, connection } of Object.values(state.statuses)) {
      const profile = state.profiles[id];
      if (!on || profile === undefined) continue;
      const seen = this.seen.get(id) ?? { told: 'nothing', lostAt: undefined, kind: 'connecting' };
      this.seen.set(id, seen);
      const name = profileTitle(profile);
      const say = (body: string, problem: boolean): void => {
        if (choice === 'all' || (choice === 'problems' && problem)) {
          notes.push({ profileId: id, title: texts.app.name, body });
        }
      };
      seen.kind = connection.kind;
      if (isUp(connection)) {
        if (seen.told !== 'up') say(fill(texts.notifications.connected, { name }), false);
        seen.told = 'up';
        seen.lostAt = undefined;
      } else if (connection.kind === 'failed') {
        if (seen.told !== 'failed') {
          const reason = texts.failures[connection.failure.code].title;
          say(fill(texts.notifications.failed, { name, reason }), true);
        }
        seen.told = 'failed';
      } else if (connection.kind === 'reconnecting' || connection.kind === 'waitingForNetwork') {
        seen.lostAt ??= now;
        if (seen.told === 'up' && now - seen.lostAt >= LOST_AFTER_MS) {
          say(fill(texts.notifications.reconnecting, { name }), true);
          seen.told = 'lost';
        }
      }
    }
    return notes;
  }

  /** When to look again although nothing changed: a loss that may become worth a word. undefined: not. */
  nextLook(now: number): number | undefined {
    const waits = [...this.seen.values()]
      .filter(({ told, lostAt }) => told === 'up' && lostAt !== undefined)
      .map(({ lostAt }) => Math.max(0, (lostAt ?? now) + LOST_AFTER_MS - now));
    return waits.length === 0 ? undefined : Math.min(...waits);
  }
}
