import type { RoomControls } from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { BackupPolicy } from "./policy.ts";

const LISTED =
  "No answer of the application shows its backups; `aegis backup list` and `prune` hold them to it";

export const backupControls: RoomControls<DeepReadonly<BackupPolicy>> = {
  controls: [],
  unprovable: [
    { leaf: "schedule", reason: "No answer of the application shows it; the rendered timer does" },
    { leaf: "maxAgeSeconds", reason: LISTED },
    { leaf: "keepLatestCount", reason: LISTED },
    { leaf: "keepDailyCount", reason: LISTED },
    { leaf: "keepWeeklyCount", reason: LISTED },
    { leaf: "keepMonthlyCount", reason: LISTED },
  ],
};
