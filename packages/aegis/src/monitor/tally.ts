/** What happened since the last trip to the store, in this process: bounded, and taken away by the minute. */
import type { Clock } from "../lib/clock.ts";
import { MOST_FIELDS, type MonitorStore, type Table } from "./store.ts";

const MINUTE_MS = 60_000;
const MOST_CLOSED = 5;
export const minuteOf = (at: number): number => Math.floor(at / MINUTE_MS);

export interface Tallies {
  count(table: Table, field: string): void;
  label(name: string, make: () => string): void;
  flush(): Promise<void>;
}

interface Open {
  readonly minute: number;
  readonly counts: Map<Table, Map<string, number>>;
  readonly labels: Map<string, string>;
}

export function tallies(store: MonitorStore, clock: Clock): Tallies {
  const opened = (): Open => ({ minute: minuteOf(clock.now()), counts: new Map(), labels: new Map() });
  let open = opened();
  let under: Promise<void> | undefined;
  /** Minutes that are over and wait for a trip: a few, or a store that is away would make them pile up. */
  let closed: readonly Open[] = [];

  const current = (): Open => {
    if (open.minute === minuteOf(clock.now())) return open;
    if (open.counts.size > 0) closed = [...closed, open].slice(-MOST_CLOSED);
    open = opened();
    return open;
  };
  const add = (table: Table, field: string): void => {
    const { counts } = current();
    const fields = counts.get(table) ?? new Map<string, number>();
    counts.set(table, fields);
    const before = fields.get(field);
    if (before === undefined && fields.size >= MOST_FIELDS) {
      if (table !== "total") add("total", "dropped");
      return;
    }
    fields.set(field, (before ?? 0) + 1);
  };

  const send = async (taken: readonly Open[]): Promise<void> => {
    for (const { minute, counts, labels } of taken) await store.add(minute, { counts, labels });
  };

  return {
    count: add,
    label(name, make) {
      const { labels } = current();
      if (!labels.has(name) && labels.size < MOST_FIELDS) labels.set(name, make());
    },
    async flush() {
      // One at a time: whoever waits for a flush has waited for what was counted before it.
      for (;;) {
        const before = under;
        if (before === undefined) break;
        await before.catch(() => undefined);
      }
      current();
      const taken = [...closed, ...(open.counts.size > 0 ? [open] : [])];
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
