/** The buckets of the last minutes, joined: who did what to whom, and when. Pure. */
import type { Bucket, Table } from "./store.ts";

const MINUTE_MS = 60_000;

export interface AddressRow {
  readonly key: string;
  readonly counts: Readonly<Record<string, number>>;
  /** Requests of each minute in which there were any. */
  readonly byMinute: readonly number[];
  readonly firstAt: number;
  readonly lastAt: number;
}

/** One address and whom or what it was after. */
export interface PairRow {
  readonly address: string;
  readonly target: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly firstAt: number;
  readonly lastAt: number;
}

export interface SeenRow {
  readonly userId: string;
  readonly sessionId: string;
  readonly lastAt: number;
}

export type PairTable = "signin" | "asked" | "missing" | "page";

export interface Window {
  readonly addresses: readonly AddressRow[];
  readonly pairs: Readonly<Record<PairTable, readonly PairRow[]>>;
  readonly seen: readonly SeenRow[];
  readonly labels: ReadonlyMap<string, string>;
}

interface Growing {
  readonly counts: Record<string, number>;
  /** Of what has requests of its own alone: there are a hundred thousand other rows while somebody attacks. */
  byMinute?: Map<number, number>;
  readonly firstAt: number;
  lastAt: number;
}

/** Fields whose last word is a kind, gathered under the words before it. */
function gathered(buckets: readonly Bucket[], table: Table): ReadonlyMap<string, Growing> {
  const rows = new Map<string, Growing>();
  for (const { minute, counts } of buckets)
    for (const [field, count] of counts.get(table) ?? []) {
      const cut = field.lastIndexOf(" ");
      const [name, kind] = [field.slice(0, cut), field.slice(cut + 1)];
      const at = minute * MINUTE_MS;
      const row: Growing = rows.get(name) ?? { counts: {}, firstAt: at, lastAt: at };
      row.counts[kind] = (row.counts[kind] ?? 0) + count;
      if (kind === "requests") {
        row.byMinute ??= new Map();
        row.byMinute.set(minute, (row.byMinute.get(minute) ?? 0) + count);
      }
      row.lastAt = at;
      rows.set(name, row);
    }
  return rows;
}

const pairsOf = (buckets: readonly Bucket[], table: PairTable): readonly PairRow[] =>
  [...gathered(buckets, table)].map(([name, { counts, firstAt, lastAt }]) => {
    const [address = "", target = ""] = name.split(" ");
    return { address, target, counts, firstAt, lastAt };
  });

export const windowOf = (buckets: readonly Bucket[]): Window => ({
  addresses: [...gathered(buckets, "address")].map(([key, { counts, byMinute, firstAt, lastAt }]) => ({
    key,
    counts,
    byMinute: [...(byMinute?.values() ?? [])],
    firstAt,
    lastAt,
  })),
  pairs: {
    signin: pairsOf(buckets, "signin"),
    asked: pairsOf(buckets, "asked"),
    missing: pairsOf(buckets, "missing"),
    page: pairsOf(buckets, "page"),
  },
  seen: [
    ...new Map(
      buckets.flatMap(({ minute, counts }) =>
        [...(counts.get("seen")?.keys() ?? [])].map((field) => [field, minute * MINUTE_MS] as const),
      ),
    ),
  ].map(([field, lastAt]) => {
    const [userId = "", sessionId = ""] = field.split(" ");
    return { userId, sessionId, lastAt };
  }),
  labels: new Map(buckets.flatMap(({ labels }) => [...labels])),
});
