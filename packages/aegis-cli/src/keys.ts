import { randomBytes } from "node:crypto";
import { type Command, Option } from "commander";
import {
  isDataKeyRing,
  newDataKeyRing,
  newKeyRing,
  parseDataKeyRing,
  parseKeyRing,
  prepareDataKey,
  rotateDataKeys,
  rotateKeyRing,
  systemRandom,
  type TokenAlgorithm,
} from "aegis";
import { readJsonFile, replaced, ringAt, written } from "./key-files.ts";
import { registerDataKeys } from "./keys-data.ts";
import { choosePolicy, loadConfig, type PolicyChoice } from "./config.ts";
import { print, tell, UsageError } from "./talk.ts";

interface RingFlags extends PolicyChoice {
  readonly algorithm?: string;
  readonly for?: string;
  readonly prepare?: boolean;
}

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
    .description("print a new key ring, with one active key")
    .addOption(
      new Option("--for <what>", "access tokens, or encrypted columns")
        .choices(["tokens", "data"])
        .default("tokens"),
    )
    .action(async (flags: RingFlags) => {
      if (flags.for === "data") {
        print(written(newDataKeyRing(systemRandom, Date.now())).trimEnd());
        tell(
          "It is a secret, and what is sealed under it is lost with it: keep it in a file that the server alone can read, named in DATA_KEYS_FILE, and a copy apart from the backups of the database.",
        );
        return;
      }
      const { algorithm } = await rulesOf(flags);
      print(written(newKeyRing(algorithm, Date.now())).trimEnd());
      tell(
        "It is a secret: keep it in a file that the server alone can read, and name that in TOKEN_KEYS_FILE.",
      );
    });

  withPolicy(keys.command("rotate"))
    .description(
      "make a new active key; the one before verifies until its last token is over, or opens what it sealed",
    )
    .argument("<file>", "the key ring; replaced when the new one is whole")
    .option(
      "--prepare",
      "for encrypted columns: add a key that opens only; the next rotation makes it the active one",
    )
    .action(async (file: string, flags: RingFlags) => {
      const { algorithm, keepSeconds } = await rulesOf(flags);
      const place = await ringAt(file);
      const data = await readJsonFile(place);
      if (isDataKeyRing(data)) return rotateData(place, flags.prepare === true);
      if (flags.prepare === true) throw new UsageError("--prepare is for a ring of data keys.");
      const rotated = await replaced(place, parseKeyRing, (ring) =>
        rotateKeyRing(ring, { algorithm, keepSeconds, now: Date.now() }),
      );
      print(`active       ${rotated.active} (${algorithm}, new)`);
      for (const kid of rotated.verifyOnly) print(`verify-only  ${kid}`);
      for (const kid of rotated.dropped) print(`retired      ${kid} (removed)`);
      tell(`Restart the servers. The replaced key may go ${keepSeconds} s after the last has done so.`);
    });
  registerDataKeys(keys);
}

const withPolicy = (command: Command): Command =>
  command
    .addOption(
      new Option("--algorithm <name>", "default: the policy's token.algorithm").choices(["EdDSA", "ES256"]),
    )
    .option("--preset <name>", "whose token section to follow")
    .option("--policy <file>", "whose token section to follow");

async function rotateData(place: string, prepare: boolean): Promise<void> {
  if (prepare) {
    const { ring } = await replaced(place, parseDataKeyRing, (before) => ({
      ring: prepareDataKey(before, systemRandom, Date.now()),
    }));
    print(`prepared      ${ring.data_keys.at(-1)?.kid ?? ""}`);
    tell(
      "Give this ring to every server and restart it; then rotate, and nothing is ever closed to anybody.",
    );
    return;
  }
  const rotated = await replaced(place, parseDataKeyRing, (ring) =>
    rotateDataKeys(ring, systemRandom, Date.now()),
  );
  print(`active        ${rotated.active}`);
  for (const kid of rotated.decryptOnly) print(`decrypt-only  ${kid}`);
  tell("Restart the servers, then: aegis keys rewrap. A key may be dropped when that says 0 left.");
}

async function rulesOf(flags: RingFlags): Promise<{ algorithm: TokenAlgorithm; keepSeconds: number }> {
  const { token } = await choosePolicy(flags, await loadConfig(process.cwd()), "production");
  const { algorithm = token.algorithm } = flags;
  return {
    algorithm: algorithm === "ES256" ? "ES256" : "EdDSA",
    keepSeconds: token.accessSeconds + MARGIN_SECONDS,
  };
}
