import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { type Command } from "commander";
import {
  type ChainReport,
  derivedSigner,
  headKeys,
  type HeadKeys,
  isSignedHead,
  type SignedHead,
  verifyChain,
} from "aegis/audit";
import { parseKeyRing, secretKeysOf } from "aegis";
import { auditLines } from "aegis/stores/postgres";
import { withDatabase } from "./database.ts";
import { readSecrets } from "./secrets.ts";
import { readJsonFile } from "./keys/files.ts";
import { counted, print, tell, UsageError } from "./talk.ts";

interface VerifyFlags {
  readonly url?: string | true;
  readonly key: readonly string[];
  readonly heads: readonly string[];
  readonly unsigned?: boolean;
  readonly json?: boolean;
}

/** An entry has 16 KB at most; a longer line is none, and is not gathered in memory. */
const MAX_LINE = 65_536;
const MAX_HEADS_BYTES = 2 ** 30;

/** `aegis audit`: the log out of the database, and whether it is what it was. */
export function registerAudit(program: Command): void {
  const audit = program
    .command("audit")
    .description("the audit log: take it out, and hold it against what it was");
  const many = (one: string, all: readonly string[]): readonly string[] => [...all, one];

  audit
    .command("export")
    .description("print the whole log as JSON lines, each signed head behind its entry")
    .option("--url <postgres>", "the database; default: DATABASE_URL")
    .option("--out <file>", "into a file that does not exist yet, instead of stdout")
    .action(async ({ url, out }: { readonly url?: string; readonly out?: string }) => {
      const stream =
        out === undefined ? process.stdout : createWriteStream(out, { flags: "wx", mode: 0o600 });
      let count = 0;
      await withDatabase(url, async (sql) => {
        for await (const line of auditLines(sql)) {
          count += 1;
          if (!stream.write(`${line}\n`))
            await new Promise<void>((resolve) => stream.once("drain", () => resolve()));
        }
      });
      if (out !== undefined) {
        stream.end();
        await finished(stream);
      }
      tell(counted(count, "line"));
    });

  audit
    .command("verify")
    .description(
      "hold a log against itself and its signed heads. Status 0: whole, 1: touched, 2: could not be said",
    )
    .argument("[file]", "what `aegis audit export` printed")
    .option("--url [postgres]", "the log in the database, instead; default: DATABASE_URL")
    .option(
      "--key <file>",
      "the public key (JWK), or a key ring; repeatable. Default: derived of SECRET_KEY",
      many,
      [],
    )
    .option(
      "--heads <file>",
      "signed heads that were kept elsewhere: lines, or the log of the server; repeatable",
      many,
      [],
    )
    .option("--unsigned", "hold it against itself alone: a log that was written anew as a whole is not found")
    .option("--json", "print the report as JSON")
    .action(async (file: string | undefined, flags: VerifyFlags) => {
      if ((file === undefined) === (flags.url === undefined))
        throw new UsageError("Say which log: a file, or --url.");
      const keys = await keysFrom(flags);
      const heads = (await Promise.all(flags.heads.map(headsIn))).flat();
      const report =
        file === undefined
          ? await withDatabase(flags.url === true ? undefined : flags.url, (sql) =>
              verifyChain(auditLines(sql), { keys, heads }),
            )
          : await verifyChain(textLines(file), { keys, heads });
      print(flags.json === true ? JSON.stringify(report, undefined, 2) : written(report));
      if (report.problemCount > 0) process.exitCode = 1;
      else if (flags.unsigned !== true && report.headsHeld === 0) {
        tell(
          "error: no signed head holds: a log that was cut or written anew would look the same.\nhint: Give --heads and --key, or say --unsigned.",
        );
        process.exitCode = 2;
      }
    });

  audit
    .command("key")
    .description("print the public key that heads are signed with where the server derives it of SECRET_KEY")
    .action(async () => {
      const [jwk] = await derivedKeys();
      if (jwk === undefined) throw new UsageError("SECRET_KEY is in no source.");
      print(JSON.stringify(jwk));
    });
}

const derivedKeys = async () =>
  secretKeysOf(await readSecrets("SECRET_KEY", "SECRET_KEY_PREVIOUS")).map(
    (secret) => derivedSigner(secret).jwk,
  );

async function keysFrom({ key, unsigned }: VerifyFlags): Promise<HeadKeys> {
  const files = await Promise.all(
    key.map(async (file) => {
      const data = await readJsonFile(file);
      const isRing = typeof data === "object" && data !== null && "keys" in data;
      return isRing ? parseKeyRing(data).keys.map(({ jwk }) => jwk) : [data];
    }),
  );
  const keys = headKeys(key.length > 0 ? files.flat() : await derivedKeys());
  if (keys.size === 0 && unsigned !== true)
    throw new UsageError(
      "There is no key to hold signatures against.",
      "Give --key (GET /api/admin/audit has it as chain.public_key), set SECRET_KEY, or say --unsigned.",
    );
  return keys;
}

/** Heads out of lines of any kind: an export, or the log of a server, where they stand as `audit_head`. */
async function headsIn(file: string): Promise<readonly SignedHead[]> {
  if ((await stat(file)).size > MAX_HEADS_BYTES) throw new UsageError(`${file} is larger than 1 GB.`);
  const heads: SignedHead[] = [];
  for await (const line of textLines(file)) {
    if (!line.includes('"signature"')) continue;
    let data: unknown;
    try {
      data = JSON.parse(line);
    } catch {
      continue;
    }
    if (typeof data !== "object" || data === null) continue;
    const head = "audit_head" in data ? data.audit_head : "head" in data ? data.head : data;
    if (isSignedHead(head)) heads.push(head);
  }
  if (heads.length === 0) throw new UsageError(`${file} holds no signed head.`);
  return heads;
}

async function* textLines(file: string): AsyncGenerator<string> {
  let rest = "";
  const input = createReadStream(file, { encoding: "utf8" });
  for await (const chunk of input) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
    // What is so long is no entry, and is told as such once.
    if (rest.length > MAX_LINE) rest = rest.slice(0, MAX_LINE);
  }
  if (rest !== "") yield rest;
}

function written({ entries, last, headsHeld, headsUnchecked, problems, problemCount }: ChainReport): string {
  return [
    ...problems.map(({ seq, kind, detail }) => `${kind.padEnd(12)} ${seq}  ${detail}`),
    ...(problemCount > problems.length ? [`and ${problemCount - problems.length} more`] : []),
    `${entries} entries${last === undefined ? "" : `, the last is ${last.seq} ${last.hash}`}`,
    `${headsHeld} signed heads hold${headsUnchecked === 0 ? "" : `, ${headsUnchecked} without a key to check them`}`,
    problemCount === 0 ? "whole" : `touched: ${problemCount} problems`,
  ].join("\n");
}
