/**
 * Threat: what was lost cannot be got back: nobody made a backup, or the last one is too old, or whoever took the server
 * took the backups with it; and a backup that is kept for ever gives up what was deleted long ago. Rule: backups are made
 * on a schedule and are overdue after a time; so many are kept by day, week and month, and no more; the newest is never
 * removed, whatever a clock says. References: ASVS 5.0 14.2.4, 14.2.7; NIST SP 800-209 4.3; ISO 27001 A.8.13; requirements DAT-5, OPS-3.
 */
import type Type from "typebox";
import { count, type Environment, oneOf, seconds, section } from "../lib/schema.ts";

const DAY = 86_400;

export const backupPolicySchema = section(
  {
    schedule: oneOf(
      ["hourly", "six-hourly", "daily", "weekly"],
      "How often a backup is made; `aegis render` writes the timer.",
    ),
    maxAgeSeconds: seconds(
      3600,
      60 * DAY,
      "A newest backup that is older is overdue: `aegis backup list` ends with 1.",
    ),
    keepLatestCount: count(1, 1000, "Newest backups that are kept, whenever they were made."),
    keepDailyCount: count(0, 1000, "Days of which the last backup is kept."),
    keepWeeklyCount: count(0, 1000, "Weeks of which the last backup is kept."),
    keepMonthlyCount: count(0, 1000, "Months of which the last backup is kept."),
  },
  "Backups: how often, and how long they are kept.",
);

export type BackupPolicy = Type.Static<typeof backupPolicySchema>;

export const backupDefaults = (_environment: Environment): BackupPolicy => ({
  schedule: "daily",
  maxAgeSeconds: 26 * 3600, // a day, and time for a large one to be written
  keepLatestCount: 3, // a fault that is copied into the newest is not in all of them
  keepDailyCount: 7,
  keepWeeklyCount: 5,
  keepMonthlyCount: 12,
});
