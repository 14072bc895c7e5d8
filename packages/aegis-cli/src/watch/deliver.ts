/** Sends what waits, in its order, one at a time, until it is taken. */
import { due, givenUp, type Parcel, refused, taken } from "aegis/watch";
import { tell } from "../talk.ts";
import type { Keeper } from "./keeper.ts";
import { isForGood, type Sender } from "./senders.ts";

export class Deliverer {
  readonly #keeper: Keeper;
  readonly #senders: ReadonlyMap<string, Sender>;
  readonly #channels: ReadonlySet<string>;
  readonly #firstPauseMs: number;
  #running: Promise<void> | undefined;
  #failing = new Set<string>();

  constructor(keeper: Keeper, senders: readonly Sender[], firstPauseMs: number) {
    this.#keeper = keeper;
    this.#senders = new Map(senders.map((one) => [one.channel, one]));
    this.#channels = new Set(this.#senders.keys());
    this.#firstPauseMs = firstPauseMs;
  }

  /** What is due; does not wait, and does nothing where it is at it. */
  run(): void {
    this.#running ??= this.#drain((now) => due(this.#keeper.state, now, this.#channels)).finally(() => {
      this.#running = undefined;
    });
  }

  /** Everything once more, whatever its time: before the end. */
  async flush(): Promise<void> {
    await this.#running;
    const tried = new Set<string>();
    const isNext = ({ channel }: Parcel): boolean => this.#channels.has(channel) && !tried.has(channel);
    await this.#drain(() => this.#keeper.state.outbox.find(isNext), tried);
  }

  async #drain(nextOf: (now: number) => Parcel | undefined, tried: Set<string> = new Set()): Promise<void> {
    await this.#keeper.save(); // its id is on the disk before anybody gets it
    for (;;) {
      const parcel = nextOf(Date.now());
      if (parcel === undefined) return;
      const { channel } = parcel;
      try {
        await this.#senders.get(channel)?.send(parcel);
        this.#keeper.change((state) => taken(state, parcel));
        if (this.#failing.delete(channel)) tell(`messages by ${wordOf(channel)} get through again`);
      } catch (error) {
        const isLost = isForGood(error);
        this.#keeper.change((state) =>
          isLost ? givenUp(state, parcel) : refused(state, parcel, Date.now(), this.#firstPauseMs),
        );
        if (!isLost) tried.add(channel);
        // Once: a receiver that is down for hours is told of once too.
        if (isLost || !this.#failing.has(channel))
          tell(
            `a message by ${wordOf(channel)} was not taken${isLost ? " and never will be" : ""}: ${reasonOf(error)}`,
          );
        if (!isLost) this.#failing.add(channel);
      }
      await this.#keeper.save();
    }
  }
}

const wordOf = (channel: string): string => (channel === "webhook" ? "webhook" : "mail");

/** What fetch throws names the address nowhere; its cause says what the socket met. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "it failed";
  const { cause } = error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return /^[A-Z0-9_]{3,40}$/.test(code) ? code : error.message.slice(0, 200);
}
