/** `aegis probe-accounts`: what lets a verifier see time-outs of a live deployment happen in seconds. */
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import {
  MAX_LIFETIME_SECONDS,
  MIN_LIFETIME_SECONDS,
  parseProbeAccounts,
  probeAccountsIn,
  type ProbeAccountSet,
} from "aegis/probe-accounts";
import { choosePolicy, environmentFrom, loadConfig, type PolicyChoice } from "./config.ts";
import { withDatabase } from "./database.ts";
import { print, tell, UsageError } from "./talk.ts";

interface Flags extends PolicyChoice {
  readonly out: string;
  readonly for: number;
  readonly url?: string;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

function lifetime(text: string): number {
  const [, amount = "", unit = "s"] = /^(\d{1,5})([smh]?)$/.exec(text) ?? [];
  const seconds = Number(amount) * (UNITS[unit] ?? 1);
  if (!(seconds >= MIN_LIFETIME_SECONDS && seconds <= MAX_LIFETIME_SECONDS))
    throw new InvalidArgumentError("It must be from 60s to 24h, e.g. 30m.");
  return seconds;
}

export function registerProbeAccounts(program: Command): void {
  program
    .command("probe-accounts")
    .description("make accounts without rights whose time runs faster, for `aegis verify --probe-accounts`")
    .requiredOption("--out <file>", "where their passwords go; readable by you alone, and not there yet")
    .addOption(
      new Option("--for <time>", "they are gone after it: 60s to 24h")
        .argParser(lifetime)
        .default(3600, "1h"),
    )
    .option("--url <postgres>", "the application's database; default: DATABASE_URL")
    .option("--preset <name>", "the preset that the application runs under")
    .option("--policy <file>", "the policy that the application runs under")
    .option("--environment <name>", "development, test or production; default: production")
    .action(async (flags: Flags) => {
      const policy = await choosePolicy(
        flags,
        await loadConfig(process.cwd()),
        environmentFrom(flags.environment ?? "production"),
      );
      const file = newFile(flags.out);
      try {
        const set = await withDatabase(flags.url, (sql) => probeAccountsIn(sql, policy, flags.for));
        writeFileSync(file, `${JSON.stringify(set, undefined, 2)}\n`);
        print(`${set.accounts.length} accounts until ${set.until} in ${flags.out}`);
        tell(`hint: aegis verify https://your.host --probe-accounts ${flags.out}`);
      } catch (error) {
        rmSync(flags.out, { force: true }); // made by this run, and nothing is in it: a next run is not to stumble over it
        throw error;
      } finally {
        closeSync(file);
      }
    });
}

/** Made before the accounts are: passwords that could not be written down would open accounts that nobody knows of. */
function newFile(path: string): number {
  try {
    return openSync(path, "wx", 0o600);
  } catch {
    throw new UsageError(
      `${path} cannot be made: it is there already, or its folder is not yours.`,
      "Name a file that is not there yet.",
    );
  }
}

const MAX_FILE_BYTES = 65_536;

/** @throws UsageError for a file that holds no such accounts, or whose accounts have ended */
export function readProbeAccounts(path: string): ProbeAccountSet {
  let data: unknown;
  try {
    const text = readFileSync(path, "utf8");
    data = text.length > MAX_FILE_BYTES ? undefined : JSON.parse(text);
  } catch {
    data = undefined; // what a parser says of a broken file quotes it
  }
  const set = parseProbeAccounts(data);
  if (set === undefined)
    throw new UsageError(`${path} holds no probe accounts.`, "Make some: aegis probe-accounts --out FILE.");
  if (!(Date.parse(set.until) > Date.now()))
    throw new UsageError(`The accounts of ${path} ended at ${set.until}.`, "Make new ones.");
  return set;
}
