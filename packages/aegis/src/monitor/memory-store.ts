/** The executable specification of a monitor's store; forgets everything when the process ends. */
import {
  type Bucket,
  keptMinutes,
  MOST_FIELDS,
  type MonitorStore,
  type Table,
  type Tally,
  tables,
  TOTALS_KEPT_MINUTES,
} from "./store.ts";

interface Kept {
  readonly counts: Map<Table, Map<string, number>>;
  readonly labels: Map<string, string>;
}

export class MemoryMonitorStore implements MonitorStore {
  readonly #kept = new Map<number, Kept>();

  async add(minute: number, tally: Tally): Promise<void> {
    const kept = this.#kept.get(minute) ?? { counts: new Map(), labels: new Map() };
    this.#kept.set(minute, kept);
    const total = fieldsOf(kept, "total");
    for (const [table, fields] of tally.counts) {
      const into = fieldsOf(kept, table);
      for (const [field, count] of fields)
        if (into.has(field) || into.size < MOST_FIELDS) into.set(field, (into.get(field) ?? 0) + count);
        else total.set("dropped", (total.get("dropped") ?? 0) + count);
    }
    for (const [name, label] of tally.labels)
      if (!kept.labels.has(name) && kept.labels.size < MOST_FIELDS) kept.labels.set(name, label);
    for (const old of this.#kept.keys()) if (old <= minute - TOTALS_KEPT_MINUTES) this.#kept.delete(old);
  }

  async read(minute: number): Promise<readonly Bucket[]> {
    return [...this.#kept]
      .filter(([at]) => at <= minute && at > minute - TOTALS_KEPT_MINUTES)
      .toSorted(([a], [b]) => a - b)
      .map(([at, { counts, labels }]) => {
        const isKept = (table: Table | "label"): boolean => at > minute - keptMinutes(table);
        return {
          minute: at,
          counts: new Map(
            tables.flatMap((table) => {
              const fields = counts.get(table);
              return fields === undefined || !isKept(table) ? [] : [[table, new Map(fields)]];
            }),
          ),
          labels: isKept("label") ? new Map(labels) : new Map(),
        };
      });
  }
}

function fieldsOf({ counts }: Kept, table: Table): Map<string, number> {
  const found = counts.get(table) ?? new Map<string, number>();
  counts.set(table, found);
  return found;
}
