import { type Command } from "commander";
import {
  type DataKeys,
  derivedDataKeys,
  dropDataKey,
  openDataKeys,
  parseDataKeyRing,
  secretKeysOf,
} from "aegis";
import { rewrapColumn, type RewrapTarget, sealedAccountColumns } from "aegis/stores/postgres";
import { withDatabase } from "../database.ts";
import { readJsonFile, replaced, ringAt } from "./files.ts";
import { readSecrets } from "../secrets.ts";
import { print, tell, UsageError } from "../talk.ts";

interface RewrapFlags {
  readonly url?: string;
  readonly ring?: string;
  readonly column: readonly string[];
  readonly batch: string;
  readonly sealPlain?: boolean;
}

/** Keys of encrypted columns: what is under an old one, and when that may go. */
export function registerDataKeys(keys: Command): void {
  keys
    .command("rewrap")
    .description(
      "move encrypted columns under the active key; interrupted, it goes on where it was. Status 1: some is left",
    )
    .option("--url <postgres>", "the database; default: DATABASE_URL")
    .option(
      "--ring <file>",
      "the data key ring; default: the server's (DATA_KEYS, DATA_KEYS_FILE), and the keys derived of SECRET_KEY",
    )
    .option(
      "--column <table.column:key[:tenant]>",
      "a column of the application's, with the names of its row key and tenant; repeatable",
      (one: string, all: readonly string[]) => [...all, one],
      [],
    )
    .option("--batch <rows>", "rows a statement", "500")
    .option("--seal-plain", "seal what is not sealed yet, instead")
    .action(async (flags: RewrapFlags) => {
      if (!/^[1-9]\d{0,4}$/.test(flags.batch)) throw new UsageError("--batch takes a whole number to 99999.");
      const dataKeys = await keysFrom(flags.ring);
      const targets = [...sealedAccountColumns, ...flags.column.map(targetFrom)];
      await withDatabase(flags.url, async (sql) => {
        for (const target of targets) {
          const name = `${target.table}.${target.column}`;
          const result = await rewrapColumn(sql, target, dataKeys, {
            batchSize: Number(flags.batch),
            sealPlain: flags.sealPlain === true,
            onBatch: (done) => tell(`${name}: ${done}`),
          });
          print(
            `${name}  ${result.done} ${flags.sealPlain === true ? "sealed" : "rewrapped"}  ${result.unreadableCount} unreadable  ${result.left} left`,
          );
          if (result.unreadable.length > 0) print(`unreadable rows: ${result.unreadable.join(" ")}`);
          if (result.left > 0) process.exitCode = 1;
        }
      });
    });

  keys
    .command("drop")
    .description("take a decrypt-only key out of a data key ring: what is still under it is lost")
    .argument("<file>", "the data key ring")
    .argument("<kid>", "which key")
    .action(async (file: string, kid: string) => {
      const { ring } = await replaced(await ringAt(file), parseDataKeyRing, (before) => ({
        ring: dropDataKey(before, kid),
      }));
      for (const one of ring.data_keys) print(`${one.state}  ${one.kid}`);
    });
}

/** As the server has them: the ring first; what was sealed under the secret before there was one still opens. */
async function keysFrom(file: string | undefined): Promise<DataKeys> {
  const found = await dataKeysFrom(file);
  if (found === undefined)
    throw new UsageError(
      "It is not said which keys.",
      "Set DATA_KEYS_FILE (or --ring), or SECRET_KEY where the server has no ring.",
    );
  return found;
}

/** Undefined where nothing says which. */
export async function dataKeysFrom(file: string | undefined): Promise<DataKeys | undefined> {
  const known = await readSecrets("SECRET_KEY", "SECRET_KEY_PREVIOUS", "DATA_KEYS");
  const secrets = secretKeysOf(known);
  const derived = secrets.length === 0 ? undefined : derivedDataKeys(secrets);
  if (file !== undefined)
    return openDataKeys(parseDataKeyRing(await readJsonFile(await ringAt(file))), derived);
  const kept = known["DATA_KEYS"];
  return kept === undefined ? derived : openDataKeys(parseDataKeyRing(jsonOf(kept)), derived);
}

/** What a parser says of a broken ring quotes it. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError("DATA_KEYS cannot be read as JSON.");
  }
}

export function targetFrom(text: string): RewrapTarget {
  const [, table, column, rowColumn, tenantColumn] =
    /^((?:\w+\.)?\w+)\.(\w+):(\w+)(?::(\w+))?$/.exec(text) ?? [];
  if (table === undefined || column === undefined || rowColumn === undefined)
    throw new UsageError(`"${text}" names no column.`, "Say table.column:key or table.column:key:tenant.");
  return { table, column, rowColumn, ...(tenantColumn === undefined ? {} : { tenantColumn }) };
}
