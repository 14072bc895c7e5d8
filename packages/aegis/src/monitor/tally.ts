/** What happened since the last trip to the store, in this process: bounded, and taken away by the minute. */
import type { Clock } from "../lib/clock.ts";
import { MOST_FIELDS, type MonitorStore, type Table } from "./store.ts";

const MINUTE_MS = 60_000;
const MOST_CLOSED = 5;
export const minuteOf = (at: number): number => Math.floor(at / MINUTE_MS);

export interface Tallies {
  /** At that time one more of the field "head tail", or "head" where there is no tail. */
  count(at: number, table: Table, head: string, tail?: string): void;
  label(at: number, name: string, make: () => string): void;
  flush(): Promise<void>;
}

/** By head, then tail: on the way of every request two words are looked up, and not joined into one first. */
interface Fields {
  readonly heads: Map<string, Map<string, Count>>;
  size: number;
}

interface Count {
  count: number;
}

interface Open {
  readonly minute: number;
  readonly tables: Map<Table, Fields>;
  readonly labels: Map<string, string>;
}

const countsOf = ({ tables }: Open): ReadonlyMap<Table, ReadonlyMap<string, number>> =>
  new Map(
    [...tables].map(([table, { heads }]) => [
      table,
      new Map(
        [...heads].flatMap(([head, tails]) =>
          [...tails].map(([tail, { count }]) => [tail === "" ? head : `${head} ${tail}`, count] as const),
        ),
      ),
    ]),
  );

export function tallies(store: MonitorStore, clock: Clock): Tallies {
  const opened = (): Open => ({ minute: minuteOf(clock.now()), tables: new Map(), labels: new Map() });
  let open = opened();
  let under: Promise<void> | undefined;
  /** Minutes that are over and wait for a trip: a few, or a store that is away would make them pile up. */
  let closed: readonly Open[] = [];

  /** The minute of that time, or a later one where that is over: a request may have begun before. */
  const current = (at: number): Open => {
    if (minuteOf(at) <= open.minute) return open;
    if (open.tables.size > 0) closed = [...closed, open].slice(-MOST_CLOSED);
    open = opened();
    return open;
  };
  const add = (at: number, table: Table, head: string, tail = ""): void => {
    const { tables } = current(at);
    let fields = tables.get(table);
    if (fields === undefined) tables.set(table, (fields = { heads: new Map(), size: 0 }));
    const tails = fields.heads.get(head);
    const before = tails?.get(tail);
    if (before !== undefined) {
      before.count += 1;
      return;
    }
    if (fields.size >= MOST_FIELDS) {
      if (table !== "total") add(at, "total", "dropped");
      return;
    }
    fields.size += 1;
    if (tails === undefined) fields.heads.set(head, new Map([[tail, { count: 1 }]]));
    else tails.set(tail, { count: 1 });
  };

  const send = async (taken: readonly Open[]): Promise<void> => {
    for (const one of taken) await store.add(one.minute, { counts: countsOf(one), labels: one.labels });
  };

  return {
    count: add,
    label(at, name, make) {
      const { labels } = current(at);
      if (!labels.has(name) && labels.size < MOST_FIELDS) labels.set(name, make());
    },
    async flush() {
      // One at a time: whoever waits for a flush has waited for what was counted before it.
      for (;;) {
        const before = under;
        if (before === undefined) break;
        await before.catch(() => undefined);
      }
      current(clock.now());
      const taken = [...closed, ...(open.tables.size > 0 ? [open] : [])];
      [closed, open] = [[], opened()];
      under = send(taken);
      try {
        await under;
      } finally {
        under = undefined;
      }
    },
  };
}
