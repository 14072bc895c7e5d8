import { constants } from "node:fs";
import { chmod, mkdir, open, rename } from "node:fs/promises";
import { dirname, resolve } from "node:path";

const { O_CREAT, O_NOFOLLOW, O_TRUNC, O_WRONLY } = constants;

/**
 * Whole or not at all: what was written lies on the disk before it gets the name. The mode is what is said, whatever the
 * mask of the process: a file that others have to see would be one that nobody sees. A link that somebody else has put
 * there is not followed (CWE-59).
 */
export async function replaceFile(path: string, text: string, mode = 0o600): Promise<void> {
  const made = `${path}.new`;
  const file = await open(made, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode);
  try {
    await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(made, path);
  await syncFolder(dirname(path));
}

/** A folder that everybody may look into, with those above it that are missing; one that is there stays as it is. */
export async function makeOpenFolder(path: string): Promise<void> {
  const whole = resolve(path);
  const first = await mkdir(whole, { recursive: true, mode: 0o755 });
  if (first === undefined) return;
  for (let made = whole; made.length >= first.length; made = dirname(made)) await chmod(made, 0o755);
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
