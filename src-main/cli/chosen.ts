import { resolve } from 'node:path';
import type { CulvertError, ErrorCode } from '../engine/index.ts';
import type { RawItem, Slot } from './argument-table.ts';
import { type Checked, itemError } from './usage-error.ts';

/**
 * The items that count: those of the command line, and of the config file only the options that the command
 * line does not have. Keeps the first error, so that a run of checks reads without branches.
 */
export class Chosen {
  error: CulvertError | undefined;
  private readonly items: readonly RawItem[];

  constructor(items: readonly RawItem[]) {
    const slots = new Set(items.filter((item) => item.from === 'command line').map((item) => item.slot));
    this.items = items.filter((item) => item.from === 'command line' || !slots.has(item.slot));
  }

  of(slot: Slot): readonly RawItem[] {
    return this.items.filter((item) => item.slot === slot);
  }

  /** The last value of a slot, undefined when there is none or it is wrong. */
  last<T>(slot: Slot, code: ErrorCode, parse: (text: string) => Checked<T>): T | undefined {
    const item = this.of(slot).at(-1);
    return item && this.check(item, code, parse);
  }

  /** `example` is a right command line, for an item that is no option. */
  check<T>(
    item: RawItem,
    code: ErrorCode,
    parse: (text: string) => Checked<T>,
    example?: string,
  ): T | undefined {
    const result = parse(item.text ?? '');
    if (result.ok) return result.value;
    this.error ??= itemError(item, code, result.reason, example);
    return undefined;
  }
}

/** File names in a config file are relative to it. */
export function fromFile(item: RawItem | undefined, name: string): string {
  return item?.directory === undefined ? name : resolve(item.directory, name);
}
