import { randomBytes } from "node:crypto";
import { open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { type Command, Option } from "commander";
import { type KeyRing, newKeyRing, parseKeyRing, rotateKeyRing, type TokenAlgorithm } from "aegis";
import { choosePolicy, loadConfig, type PolicyChoice } from "./config.ts";
import { print, tell, UsageError } from "./talk.ts";

interface RingFlags extends PolicyChoice {
  readonly algorithm?: string;
}

/** A ring of 16 keys has less; what is larger is something else, and is not read. */
const MAX_RING_BYTES = 65_536;
/** Beyond the lifetime of a token: clocks that are apart, and a server that is still starting. */
const MARGIN_SECONDS = 60;

/** `aegis keys`: secrets that nobody should make by hand. */
export function registerKeys(program: Command): void {
  const keys = program.command("keys").description("make keys");

  keys
    .command("secret")
    .description("print a new SECRET_KEY: 256 random bits")
    .action(() => {
      print(randomBytes(32).toString("base64url"));
      tell("Keep it out of the repository: set it as SECRET_KEY in the environment of the server.");
    });

  withPolicy(keys.command("ring"))
    .description("print a new key ring for access tokens, with one active key")
    .action(async (flags: RingFlags) => {
      const { algorithm } = await rulesOf(flags);
      print(written(newKeyRing(algorithm, Date.now())).trimEnd());
      tell(
        "It is a secret: keep it in a file that the server alone can read, and name that in TOKEN_KEYS_FILE.",
      );
    });

  withPolicy(keys.command("rotate"))
    .description("make a new active key; the one before verifies until its last token is over")
    .argument("<file>", "the key ring; replaced when the new one is whole")
    .action(async (file: string, flags: RingFlags) => {
      const { algorithm, keepSeconds } = await rulesOf(flags);
      const place = await realpath(file).catch(() => {
        throw new UsageError(`There is no file ${file}.`, "Make one: aegis keys ring > FILE");
      });
      const rotated = await replaced(place, (ring) =>
        rotateKeyRing(ring, { algorithm, keepSeconds, now: Date.now() }),
      );
      print(`active       ${rotated.active} (${algorithm}, new)`);
      for (const kid of rotated.verifyOnly) print(`verify-only  ${kid}`);
      for (const kid of rotated.dropped) print(`retired      ${kid} (removed)`);
      tell(`Restart the servers. The replaced key may go ${keepSeconds} s after the last has done so.`);
    });
}

const withPolicy = (command: Command): Command =>
  command
    .addOption(
      new Option("--algorithm <name>", "default: the policy's token.algorithm").choices(["EdDSA", "ES256"]),
    )
    .option("--preset <name>", "whose token section to follow")
    .option("--policy <file>", "whose token section to follow");

async function rulesOf(flags: RingFlags): Promise<{ algorithm: TokenAlgorithm; keepSeconds: number }> {
  const { token } = await choosePolicy(flags, await loadConfig(process.cwd()), "production");
  const { algorithm = token.algorithm } = flags;
  return {
    algorithm: algorithm === "ES256" ? "ES256" : "EdDSA",
    keepSeconds: token.accessSeconds + MARGIN_SECONDS,
  };
}

/** Whole or not at all, and by one at a time: the new file's name is the lock. */
async function replaced<T extends { readonly ring: KeyRing }>(
  file: string,
  change: (ring: KeyRing) => T,
): Promise<T> {
  const made = `${file}.new`;
  const before = await stat(file);
  const handle = await open(made, "wx", 0o600).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    throw new UsageError(
      `There is a file ${made}: somebody is rotating this ring, or was interrupted.`,
      "Remove it if nobody is.",
    );
  });
  try {
    const result = change(await readRing(file));
    await handle.writeFile(written(result.ring));
    // The server goes on reading it, whoever rotates.
    if (before.uid !== (await handle.stat()).uid) await handle.chown(before.uid, before.gid);
    await handle.sync();
    await handle.close();
    await rename(made, file);
    return result;
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(made, { force: true });
    throw error;
  }
}

/** What a parser says of a broken file quotes it, and so it may not be told. */
async function readRing(file: string): Promise<KeyRing> {
  if ((await stat(file)).size > MAX_RING_BYTES) throw new UsageError(`${file} is no key ring.`);
  let data: unknown;
  try {
    data = JSON.parse(await readFile(file, "utf8"));
  } catch {
    throw new UsageError(`${file} cannot be read as JSON.`);
  }
  return parseKeyRing(data);
}

const written = (ring: KeyRing): string => `${JSON.stringify(ring, undefined, 2)}\n`;
