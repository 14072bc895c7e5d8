/**
 * Files for PostgreSQL's user, by whoever restores, who may be root. What lies in a folder of that user's, or came out of
 * the archive of a server, may be a link: followed, it would have root write to any file, or give it away (CWE-59).
 */
import { closeSync, constants, fchownSync, fstatSync, lchownSync, openSync, writeSync } from "node:fs";
import { basename } from "node:path";
import { BackupError } from "aegis/backup";
import type { RunAs } from "./programs.ts";

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;

/** Text behind what the file has, which is made where there is none. @throws BackupError where it is no plain file */
export function appendFor({ uid, gid }: RunAs, path: string, text: string): void {
  const strange = () =>
    new BackupError(
      "AEGIS_BACKUP_DAMAGED",
      `${basename(path)} is a link, or no plain file: no server of yours has that`,
    );
  let file: number;
  try {
    file = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch (error) {
    if (
      error instanceof Error &&
      "code" in error &&
      ["ELOOP", "ENXIO", "EISDIR"].includes(String(error.code))
    )
      throw strange();
    throw error;
  }
  try {
    // A second name would make it somebody else's file all the same.
    const found = fstatSync(file);
    if (!found.isFile() || found.nlink !== 1) throw strange();
    writeSync(file, text);
    if (uid !== undefined && gid !== undefined) fchownSync(file, uid, gid);
  } finally {
    closeSync(file);
  }
}

/** The name itself, never what a link leads to. */
export function give({ uid, gid }: RunAs, path: string): void {
  if (uid !== undefined && gid !== undefined) lchownSync(path, uid, gid);
}
