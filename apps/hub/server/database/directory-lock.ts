/** PGlite has no lock of its own: two processes on one directory would destroy it. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../config-error.ts";

/** Takes the directory for this process; the answer gives it back. @throws ConfigError while another process has it. */
export function lockDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, "hub.pid");
  if (!claim(file)) {
    const owner = Number(readFileSync(file, "utf8"));
    if (isRunning(owner))
      throw new ConfigError(
        `The database in ${directory} is in use by process ${owner}. Stop it, or give this one its own AEGIS_DIRECTORY.`,
      );
    rmSync(file, { force: true }); // left behind by a process that was killed
    if (!claim(file))
      throw new ConfigError(`The database in ${directory} was taken by another process just now.`);
  }
  return () => rmSync(file, { force: true });
}

function claim(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
