/** Which process a pid means. A pid alone is used again: only with the time of its start is it that process. */
import { readFileSync } from "node:fs";

export interface ProcessIdentity {
  readonly pid: number;
  readonly started: string;
}

/** Undefined where there is no such process. Where the system does not say when it was started, the pid has to do. */
export function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // The name of a program may hold spaces and brackets; what follows the last one does not.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie does nothing any more; nobody has asked for its status yet.
    return fields[0] === "Z" || fields[0] === "X" ? undefined : `${boot} ${fields[19] ?? ""}`;
  } catch {
    return process.platform === "linux" || !isThere(pid) ? undefined : "unknown";
  }
}

export const isAlive = ({ pid, started }: ProcessIdentity): boolean => startOf(pid) === started;

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
