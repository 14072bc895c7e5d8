import { type Command, Option } from "commander";
import {
  type DataKeyRing,
  isDataKeyRing,
  type KeyRing,
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
import { replaced, ringAt, written } from "./files.ts";
import { registerDataKeys } from "./data.ts";
import { isSecretFile, newFile, registerSecretKey, rotateSecretFile } from "./secret.ts";
import { choosePolicy, loadConfig, type PolicyChoice } from "../config.ts";
import { print, tell, UsageError } from "../talk.ts";

interface RingFlags extends PolicyChoice {
  readonly algorithm?: string;
  readonly for?: string;
  readonly prepare?: boolean;
  readonly keep?: string;
  readonly out?: string;
}

/** Beyond the lifetime of a token: clocks that are apart, and a server that is still starting. */
const MARGIN_SECONDS = 60;

/** `aegis keys`: secrets that nobody should make by hand. */
export function registerKeys(program: Command): void {
  const keys = program.command("keys").description("make keys");

  registerSecretKey(keys);

  withPolicy(keys.command("ring"))
    .description("print a new key ring, with one active key")
    .addOption(
      new Option("--for <what>", "access tokens, or encrypted columns")
        .choices(["tokens", "data"])
        .default("tokens"),
    )
    .option("--out <file>", "write it there, for its owner alone, instead of printing it; never over a file")
    .action(async (flags: RingFlags) => {
      if (flags.for === "data") {
        await give(newDataKeyRing(systemRandom, Date.now()), flags.out);
        tell(
          "It is a secret, and what is sealed under it is lost with it: keep it in a file that the server alone can read, named in DATA_KEYS_FILE, and a copy apart from the backups of the database.",
        );
        return;
      }
      const { algorithm } = await rulesOf(flags);
      await give(newKeyRing(algorithm, Date.now()), flags.out);
      tell(
        "It is a secret: keep it where only who signs with it can read it, and name it in TOKEN_KEYS_FILE (access tokens) or AUDIT_KEYS_FILE (audit log, records, evidence).",
      );
    });

  withPolicy(keys.command("rotate"))
    .description(
      "make a new active key; the one before verifies until its last token is over, or opens what it sealed",
    )
    .argument(
      "<file>",
      "a key ring, a file that holds a SECRET_KEY, or a .env; replaced when the new one is whole",
    )
    .option("--keep <keys>", "for a SECRET_KEY: how many earlier ones go on opening what they sealed", "2")
    .option(
      "--prepare",
      "for encrypted columns: add a key that opens only; the next rotation makes it the active one",
    )
    .action(async (given: string, flags: RingFlags) => {
      const file = await ringAt(given);
      if (await isSecretFile(file)) {
        if (flags.prepare === true) throw new UsageError("--prepare is for a ring of data keys.");
        const keepCount = Number(flags.keep);
        if (!/^\d{1,2}$/.test(flags.keep ?? "") || keepCount < 1 || keepCount > 16)
          throw new UsageError("--keep takes a whole number from 1 to 16.");
        return rotateSecretFile(file, keepCount);
      }
      const { algorithm, keepSeconds } = await rulesOf(flags);
      const { lines, next } = await replaced(file, anyRing, (ring) =>
        "data_keys" in ring
          ? rotatedData(ring, flags.prepare === true)
          : rotatedTokens(ring, { algorithm, keepSeconds, prepare: flags.prepare === true }),
      );
      for (const line of lines) print(line);
      tell(next);
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

async function give(ring: KeyRing | DataKeyRing, out: string | undefined): Promise<void> {
  if (out === undefined) return print(written(ring).trimEnd());
  await newFile(out, written(ring));
  tell(`Written to ${out}, mode 0600.`);
}

const anyRing = (data: unknown): KeyRing | DataKeyRing =>
  isDataKeyRing(data) ? parseDataKeyRing(data) : parseKeyRing(data);

interface Told<R> {
  readonly ring: R;
  readonly lines: readonly string[];
  readonly next: string;
}

function rotatedTokens(
  before: KeyRing,
  rules: { readonly algorithm: TokenAlgorithm; readonly keepSeconds: number; readonly prepare: boolean },
): Told<KeyRing> {
  if (rules.prepare) throw new UsageError("--prepare is for a ring of data keys.");
  const { algorithm, keepSeconds } = rules;
  const { ring, active, verifyOnly, dropped } = rotateKeyRing(before, {
    algorithm,
    keepSeconds,
    now: Date.now(),
  });
  return {
    ring,
    lines: [
      `active       ${active} (${algorithm}, new)`,
      ...verifyOnly.map((kid) => `verify-only  ${kid}`),
      ...dropped.map((kid) => `retired      ${kid} (removed)`),
    ],
    next: `Servers take it over by themselves where they watch that file, or on SIGHUP; others are restarted. The replaced key may go ${keepSeconds} s after the last has done so.`,
  };
}

function rotatedData(before: DataKeyRing, prepare: boolean): Told<DataKeyRing> {
  if (prepare) {
    const ring = prepareDataKey(before, systemRandom, Date.now());
    return {
      ring,
      lines: [`prepared      ${ring.data_keys.at(-1)?.kid ?? ""}`],
      next: "Give this ring to every server and restart it; then rotate, and nothing is ever closed to anybody.",
    };
  }
  const { ring, active, decryptOnly } = rotateDataKeys(before, systemRandom, Date.now());
  return {
    ring,
    lines: [`active        ${active}`, ...decryptOnly.map((kid) => `decrypt-only  ${kid}`)],
    next: "Restart the servers, then: aegis keys rewrap. A key may be dropped when that says 0 left.",
  };
}

async function rulesOf(flags: RingFlags): Promise<{ algorithm: TokenAlgorithm; keepSeconds: number }> {
  const { token } = await choosePolicy(flags, await loadConfig(process.cwd()), "production");
  const { algorithm = token.algorithm } = flags;
  return {
    algorithm: algorithm === "ES256" ? "ES256" : "EdDSA",
    keepSeconds: token.accessSeconds + MARGIN_SECONDS,
  };
}
