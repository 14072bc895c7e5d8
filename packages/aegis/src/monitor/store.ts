/**
 * What is counted, and where. Every table is one map of fields by minute; a field is one or more words that hold no
 * personal data in clear: keyed hashes (lib/subjects.ts), public handles, kinds.
 */
export const tables = ["total", "address", "signin", "asked", "missing", "page", "seen"] as const;
/**
 * `total`: "kind"; `address`: "address kind"; `signin`, `asked`, `missing`, `page`: "address target kind" (whom a
 * sign-in was for, whom a registration or reset named, what was not there, what a fast reader read); `seen`:
 * "user session".
 */
export type Table = (typeof tables)[number];

export interface Tally {
  readonly counts: ReadonlyMap<Table, ReadonlyMap<string, number>>;
  /** What an administrator is shown for an address or account, sealed by the caller. */
  readonly labels: ReadonlyMap<string, string>;
}

export interface Bucket extends Tally {
  /** Minutes since the Unix epoch. */
  readonly minute: number;
}

/**
 * Fields of one table and minute. Strangers choose addresses and names, so it must end: at the cap what is known goes
 * on being counted, what comes new is counted as `dropped` in `total` alone, and the next minute begins empty. So
 * whoever floods one minute with two thousand names hides the later ones of that minute, and shows as the flood.
 */
export const MOST_FIELDS = 2000;
export const TOTALS_KEPT_MINUTES = 60;
export const DETAILS_KEPT_MINUTES = 30;
export const keptMinutes = (table: Table | "label"): number =>
  table === "total" ? TOTALS_KEPT_MINUTES : DETAILS_KEPT_MINUTES;

/** Counters of the last minutes, for all instances together. Adding is atomic: parallel tallies add up. */
export interface MonitorStore {
  add(minute: number, tally: Tally): Promise<void>;
  /** What is kept of the minutes up to `minute`, oldest first; minutes in which nothing happened may be missing. */
  read(minute: number): Promise<readonly Bucket[]>;
}
