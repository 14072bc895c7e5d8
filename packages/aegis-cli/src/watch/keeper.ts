/** The state of a watch and its file: what was learned is on the disk before it is told. */
import { type Change, posted, type Step, type WatchState, writeWatch } from "aegis/watch";
import { systemRandom } from "aegis";

export interface KeeperOptions {
  readonly file: string;
  /** Who is told. */
  readonly channels: readonly string[];
  readonly onChange: (change: Change) => void;
  /** The disk took nothing: the watch goes on, and a death would cost what it has learned since. */
  readonly onUnwritten: (error: unknown) => void;
}

export class Keeper {
  #state: WatchState;
  #writing: Promise<void> = Promise.resolve();
  readonly #options: KeeperOptions;

  constructor(state: WatchState, options: KeeperOptions) {
    this.#state = state;
    this.#options = options;
  }

  get state(): WatchState {
    return this.#state;
  }

  /** What a look has shown. */
  take({ state, changes }: Step): void {
    const at = Date.now();
    this.#state = posted(state, changes, this.#options.channels, { at, random: systemRandom });
    for (const change of changes) this.#options.onChange(change);
  }

  /** What has become of a message. */
  change(by: (state: WatchState) => WatchState): void {
    this.#state = by(this.#state);
  }

  /** Resolves when what is known now lies on the disk. */
  save(): Promise<void> {
    this.#writing = this.#writing
      .then(() => writeWatch(this.#options.file, this.#state))
      .catch(this.#options.onUnwritten);
    return this.#writing;
  }
}
