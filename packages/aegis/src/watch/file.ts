/**
 * The state in its file: whole or not at all, for its owner alone, by one watch at a time. Threat: two watchers that tell
 * everything twice, a file cut off by a full disk, one that somebody else wrote. References: CWE-362, CWE-732.
 */
import { open, stat } from "node:fs/promises";
import { replaceFile } from "../lib/files.ts";
import { takeLock } from "../lib/lock.ts";
import { isWatchState, type WatchState } from "./model.ts";

const MAX_STATE_BYTES = 16_777_216;

/** What keeps a watch from being had. The message is for whoever starts it. */
export class WatchError extends Error {
  override readonly name = "WatchError";
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** Undefined where there is none yet. @throws WatchError for a file that is no state */
export async function readWatch(file: string): Promise<WatchState | undefined> {
  let data: unknown;
  try {
    const about = await stat(file);
    if (!about.isFile() || about.size > MAX_STATE_BYTES) throw new WatchError(`${file} holds no watch.`);
    const handle = await open(file, "r");
    try {
      data = JSON.parse(await handle.readFile("utf8"));
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof WatchError) throw error;
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    data = undefined; // what a parser says of a broken file quotes it
  }
  if (!isWatchState(data))
    throw new WatchError(`${file} holds no watch.`, "Give another file, or take this one away.");
  return data;
}

/** @throws where the disk takes nothing */
export const writeWatch = (file: string, state: WatchState): Promise<void> =>
  replaceFile(file, JSON.stringify(state));

/** @throws WatchError where a living process has it */
export const lockWatch = (file: string, now: number): Promise<() => Promise<void>> =>
  takeLock(
    `${file}.lock`,
    "aegis watch",
    now,
    (holder) =>
      new WatchError(
        holder === undefined
          ? "Another watch with this state began at this moment."
          : `Process ${holder.pid} watches with this state since ${holder.at}.`,
        "Give another file with --state.",
      ),
  );
