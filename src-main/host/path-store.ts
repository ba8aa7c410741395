import { describeError, type PathMemory } from '../engine/index.ts';
import { type Checked, JsonDocument, type OpenJsonFile } from './json-document.ts';
import { KnownPaths } from './known-paths.ts';

/** Written so long after a change, ms: a crash loses so much, which is learnt again. */
const SAVE_MS = 10_000;

type Stored = ReturnType<KnownPaths['toJson']>;

function check(value: unknown): Checked<Stored> {
  const known = KnownPaths.read(value);
  return known === undefined ? { kind: 'bad' } : { kind: 'good', value: known.toJson() };
}

/** What the profiles learnt about their ways, per network: `paths.json`. It is a help, and nothing fails for it. */
export class PathStore {
  private readonly document: JsonDocument<Stored> | undefined;
  private readonly known: KnownPaths = new KnownPaths();
  private readonly tell: (text: string) => void;
  private timer: NodeJS.Timeout | undefined;

  constructor(directory: string, files: OpenJsonFile, tell: (text: string) => void) {
    this.tell = tell;
    try {
      const document = new JsonDocument(directory, 'paths', files, check);
      const { value, setAside } = document.load();
      this.known = KnownPaths.read(value) ?? this.known;
      if (setAside !== undefined)
        tell(`what was learnt about networks could not be read and was set aside: ${setAside}`);
      this.document = document;
    } catch (error) {
      tell(`what was learnt about networks is not kept: ${describeError(error)}`);
    }
  }

  /** For the engine's thread. */
  get paths(): Readonly<Record<string, PathMemory>> {
    return this.known.toJson().paths;
  }

  put(id: string, memory: PathMemory): void {
    this.known.put(id, memory);
    this.timer ??= setTimeout(() => this.flush(), SAVE_MS).unref();
  }

  /** Saves what is not saved yet. */
  flush(): void {
    if (this.timer === undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    try {
      this.document?.save(this.known.toJson());
    } catch (error) {
      this.tell(`what was learnt about networks is not kept: ${describeError(error)}`);
    }
  }
}
