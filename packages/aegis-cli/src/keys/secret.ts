/** `aegis keys secret` and the rotation of SECRET_KEY, in a file of its own (NAME_FILE, a credential, a mounted secret) or in a `.env`. */
import { randomBytes } from "node:crypto";
import { open, readFile, rename, rm, stat } from "node:fs/promises";
import type { Command } from "commander";
import { systemRandom } from "aegis";
import { rotateInEnv, type RotatedSecret, rotateSecretKey } from "aegis/secrets";
import { print, tell, UsageError } from "../talk.ts";

const MAX_BYTES = 65_536;
const ONE_WORD = /^\s*[\w+/-]+=*\s*$/;
const SETS_SOMETHING = /^\s*(export\s+)?[A-Z_][A-Z0-9_]*\s*=/m;

export function registerSecretKey(keys: Command): void {
  keys
    .command("secret")
    .description("print a new SECRET_KEY: 256 random bits")
    .option("--out <file>", "write it there, for its owner alone, instead of printing it; never over a file")
    .action(async ({ out }: { readonly out?: string }) => {
      const key = randomBytes(32).toString("base64url");
      if (out === undefined) {
        print(key);
        tell(
          "Keep it out of the repository: set it as SECRET_KEY, or put it into another source of the policy's (docs/secrets.md).",
        );
        return;
      }
      await newFile(out, `${key}\n`);
      tell(`Written to ${out}, mode 0600. Name it in SECRET_KEY_FILE.`);
    });
}

export async function newFile(file: string, text: string): Promise<void> {
  const handle = await open(file, "wx", 0o600).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    throw new UsageError(
      `There is a file ${file}: it is not written over.`,
      `To replace its key: aegis keys rotate ${file}`,
    );
  });
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What a rotation of `file` would be of: lines with names are a `.env`, one word is a key, anything else is to be a ring. */
export async function isSecretFile(file: string): Promise<boolean> {
  if ((await stat(file)).size > MAX_BYTES) throw new UsageError(`${file} is too large to hold keys.`);
  const text = await readFile(file, "utf8");
  return ONE_WORD.test(text) || SETS_SOMETHING.test(text);
}

/** The one before is kept first and replaced then: whoever reads between the two has a key twice, and loses none. */
export async function rotateSecretFile(file: string, keepCount: number): Promise<void> {
  const previousFile = `${file}_PREVIOUS`;
  const { rotated, inFile } = await replace(file, async () => {
    const text = await readFile(file, "utf8");
    const inEnv = rotateInEnv(text, keepCount, systemRandom);
    if (inEnv !== undefined) return { ...inEnv, inFile: undefined };
    if (SETS_SOMETHING.test(text) && !ONE_WORD.test(text))
      throw new UsageError(`${file} sets no SECRET_KEY.`, "Name the file that does.");
    const previous = await readFile(previousFile, "utf8").catch((error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
      throw error;
    });
    const made = rotateSecretKey({ key: text.trim(), previous }, keepCount, systemRandom);
    await replace(previousFile, async () => ({ text: `${made.previous.join(",")}\n` }), file);
    return { text: `${made.key}\n`, rotated: made, inFile: previousFile };
  });
  tellOf(rotated, file, inFile);
}

function tellOf({ previous, droppedCount }: RotatedSecret, file: string, previousFile?: string): void {
  print(`active        1 new key in ${file}`);
  print(`open-only     ${previous.length}${previousFile === undefined ? "" : ` in ${previousFile}`}`);
  if (droppedCount > 0) print(`dropped       ${droppedCount}`);
  tell(
    "Servers take it over by themselves where they watch that file (docs/secrets.md), or on SIGHUP: no restart, and nobody is signed out.",
  );
}

/**
 * Whole or not at all, with the owner and mode of the file before, or of `like`. The name of the new file is the lock, and
 * is held before anything is read: of two rotations at once one would lose the key that the other has just made.
 */
async function replace<T extends { readonly text: string }>(
  file: string,
  change: () => Promise<T>,
  like = file,
): Promise<T> {
  const { mode, uid, gid } = await stat(like);
  const made = `${file}.new`;
  const handle = await open(made, "wx", mode & 0o777).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    throw new UsageError(
      `There is a file ${made}: somebody is rotating this key, or was interrupted.`,
      "Remove it if nobody is.",
    );
  });
  try {
    const changed = await change();
    await handle.writeFile(changed.text);
    await handle.chmod(mode & 0o777);
    if (uid !== (await handle.stat()).uid) await handle.chown(uid, gid);
    await handle.sync();
    await handle.close();
    await rename(made, file);
    return changed;
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(made, { force: true });
    throw error;
  }
}
