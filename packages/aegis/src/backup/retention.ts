/** Which backups are kept: pure, and by the backups themselves, so that a clock that runs ahead removes none. */
import type { DeepReadonly } from "../lib/freeze.ts";
import type { BackupPolicy } from "./policy.ts";

export interface DatedBackup {
  readonly id: string;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
}

type Keep = Pick<
  DeepReadonly<BackupPolicy>,
  "keepLatestCount" | "keepDailyCount" | "keepWeeklyCount" | "keepMonthlyCount"
>;

const DAY_MS = 86_400_000;
const dayOf = (at: number): number => Math.floor(at / DAY_MS);
/** ISO weeks: the epoch was a Thursday. */
const weekOf = (at: number): number => Math.floor((dayOf(at) + 3) / 7);
const monthOf = (at: number): number => {
  const date = new Date(at);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
};

/** Ids of those that stay: the newest ones, and the last of each of the newest days, weeks and months that have any (UTC). */
export function keptBackups(backups: readonly DatedBackup[], keep: Keep): ReadonlySet<string> {
  const newest = backups.toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
  const kept = new Set(newest.slice(0, Math.max(1, keep.keepLatestCount)).map(({ id }) => id));
  for (const [bucketOf, most] of [
    [dayOf, keep.keepDailyCount],
    [weekOf, keep.keepWeeklyCount],
    [monthOf, keep.keepMonthlyCount],
  ] as const) {
    const seen = new Set<number>();
    for (const { id, createdAt } of newest) {
      const bucket = bucketOf(createdAt);
      if (seen.has(bucket)) continue;
      if (seen.size >= most) break;
      seen.add(bucket);
      kept.add(id);
    }
  }
  return kept;
}
