/** The state as a file: there while the application is closed. It needs no database, which may be what is worked on. */
import { readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { makeOpenFolder, replaceFile } from "../lib/files.ts";
import type { MaintenanceSource, MaintenanceState } from "./state.ts";

/** For the wiring: the instances that see this file are closed by it. */
export const fileMaintenance = (path: string): MaintenanceSource => ({
  async read() {
    try {
      return await readFile(path, "utf8");
    } catch (error) {
      if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
        return undefined;
      throw error;
    }
  },
});

/** Readable by whoever the instances run as; nothing in it is a secret. Undefined: open. */
export async function writeMaintenance(path: string, state: MaintenanceState | undefined): Promise<void> {
  if (state === undefined) return rm(path, { force: true });
  await makeOpenFolder(dirname(path));
  await replaceFile(path, `${JSON.stringify(state, undefined, 2)}\n`, 0o644);
}
