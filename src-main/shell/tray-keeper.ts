/** Has a tray icon whenever there is a panel to show it: some panels come up after the programs of the session. */
import type { TrayIcon } from './tray.ts';
import type { TrayModel } from './tray-model.ts';

export interface TrayKeeperOptions {
  readonly isAvailable: () => Promise<boolean>;
  readonly makeIcon: (model: TrayModel) => TrayIcon;
  readonly onChange: (there: boolean) => void;
  /** Default: Linux asks another process each time, so not too often. */
  readonly recheckMs?: { readonly first: number; readonly later: number };
}

/** While the session comes up its panel may too: looked at so often for so many times, then less often. ms */
const RECHECK_MS = { first: 5_000, later: 30_000 };
const FIRST_LOOKS = 12;

export class TrayKeeper {
  private readonly options: TrayKeeperOptions;
  private icon: TrayIcon | undefined;
  private model: TrayModel;
  private timer: NodeJS.Timeout | undefined;
  private looks = 0;
  private stopped = false;

  constructor(options: TrayKeeperOptions, model: TrayModel) {
    this.options = options;
    this.model = model;
  }

  get isThere(): boolean {
    return this.icon !== undefined;
  }

  /** Looks now, and again from time to time. Answers whether there is one now. */
  async start(): Promise<boolean> {
    await this.look();
    this.plan();
    return this.isThere;
  }

  show(model: TrayModel): void {
    this.model = model;
    this.icon?.show(model);
  }

  repaint(): void {
    this.icon?.repaint();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.icon?.destroy();
    this.icon = undefined;
  }

  private plan(): void {
    if (this.stopped) return;
    const { first, later } = this.options.recheckMs ?? RECHECK_MS;
    this.timer = setTimeout(
      async () => {
        await this.look();
        this.plan();
      },
      this.looks < FIRST_LOOKS ? first : later,
    ).unref();
  }

  private async look(): Promise<void> {
    this.looks++;
    const available = await this.options.isAvailable();
    if (this.stopped || available === this.isThere) return;
    if (available) this.icon = this.make();
    else {
      // The panel is gone, with the icon in it: what is shown next time is a new one.
      this.icon?.destroy();
      this.icon = undefined;
    }
    if (available === this.isThere) this.options.onChange(this.isThere);
  }

  private make(): TrayIcon | undefined {
    try {
      return this.options.makeIcon(this.model);
    } catch {
      return undefined;
    }
  }
}
