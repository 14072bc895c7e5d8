import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** Whole or not at all: what was written lies on the disk before it gets the name. */
export async function replaceFile(path: string, text: string, mode = 0o600): Promise<void> {
  const made = `${path}.new`;
  const file = await open(made, "w", mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(made, path);
  await syncFolder(dirname(path));
}

/** A name that was given or taken stays so through a crash. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
