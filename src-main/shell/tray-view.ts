/** The state as the tray and notifications show it: models made of state, figures and language, and when to make them. */
import { textsOf } from '../../src-shared/i18n/fill.ts';
import type { Messages } from '../../src-shared/i18n/messages.ts';
import { chooseLanguage } from '../../src-shared/settings.ts';
import type { AppState } from '../../src-shared/state.ts';
import { isUp } from '../../src-shared/status.ts';
import type { Note, Notifier } from './notifier.ts';
import { type TrayFigures, type TrayModel, trayModel } from './tray-model.ts';

/** How often the rates in the tray are read anew while something is connected, ms. A menu that moves cannot be used. */
const RATES_MS = 5_000;

export interface TrayViewOptions {
  /** As it is now. */
  readonly state: () => AppState;
  readonly preferredLanguages: () => readonly string[];
  readonly figures: () => TrayFigures;
  readonly show: (model: TrayModel) => void;
  readonly notifier: Notifier;
  readonly notify: (note: Note) => void;
  readonly now: () => number;
}

export class TrayView {
  private readonly options: TrayViewOptions;
  private rates: NodeJS.Timeout | undefined;
  private look: NodeJS.Timeout | undefined;

  constructor(options: TrayViewOptions) {
    this.options = options;
  }

  get texts(): Messages {
    return textsOf(chooseLanguage(this.state.settings.language, this.options.preferredLanguages()));
  }

  get model(): TrayModel {
    return trayModel(this.state, this.isUp ? this.options.figures() : undefined, this.texts);
  }

  /** The state has changed. */
  update(): void {
    this.options.show(this.model);
    this.tell();
    if (this.isUp && this.rates === undefined) {
      this.rates = setInterval(() => this.options.show(this.model), RATES_MS);
      this.rates.unref();
    } else if (!this.isUp) this.stopRates();
  }

  stop(): void {
    this.stopRates();
    clearTimeout(this.look);
  }

  private get state(): AppState {
    return this.options.state();
  }

  private get isUp(): boolean {
    return Object.values(this.state.statuses).some(({ connection }) => isUp(connection));
  }

  private tell(): void {
    const { notifier, notify, now } = this.options;
    for (const note of notifier.take(this.state, this.texts, now())) notify(note);
    clearTimeout(this.look);
    const wait = notifier.nextLook(now());
    if (wait !== undefined) this.look = setTimeout(() => this.tell(), wait).unref();
  }

  private stopRates(): void {
    clearInterval(this.rates);
    this.rates = undefined;
  }
}
