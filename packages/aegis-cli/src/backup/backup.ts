import type { Command } from "commander";
import { keptBackups, listBackups, pruneWal, removeBackup, removeBroken } from "aegis/backup";
import { choosePolicy, loadConfig, type PolicyChoice } from "../config.ts";
import { registerDrill } from "./drill.ts";
import { createBackup, type CreateFlags, keepSegment, type WalFlags } from "./create.ts";
import { registerRestore } from "./restore.ts";
import {
  type KeyFlags,
  keysOf,
  many,
  type PlaceFlags,
  placeOf,
  shownBytes,
  signerOf,
  withKeys,
  withPlace,
} from "./settings.ts";
import { print, table, tell } from "../talk.ts";

type ListFlags = PlaceFlags & KeyFlags & PolicyChoice & { readonly check?: boolean; readonly json?: boolean };
type PruneFlags = PlaceFlags & KeyFlags & PolicyChoice & { readonly dryRun?: boolean };

/** What a process that was killed left, and nobody touched for so long, is nobody's. */
const BROKEN_AFTER_MS = 24 * 3_600_000;

const withPolicy = (command: Command): Command =>
  command
    .option("--preset <name>", "whose backup section to follow")
    .option("--policy <file>", "whose backup section to follow");

/** `aegis backup`: made, listed, removed, got back, and tried. */
export function registerBackup(program: Command): void {
  const backup = program.command("backup").description("make backups, and prove that they can be restored");

  withPolicy(withPlace(backup.command("create")))
    .description("write an encrypted, signed backup of the database and the uploads; its name to stdout")
    .option(
      "--url <postgres>",
      "as a role that may read everything; default: BACKUP_DATABASE_URL, then DATABASE_URL",
    )
    .option(
      "--embedded <folder>",
      "instead: the folder of the embedded database (.aegis/database), which nobody may be using",
    )
    .option("--uploads <folder>", "the folder of uploads; default: UPLOADS_DIRECTORY, and without it none")
    .option("--base", "the whole cluster too, from which to restore to a point in time (see `wal`)")
    .option("--env <file>", "a file of NAME=value lines whose names are kept too, and no value")
    .option(
      "--keys <file>",
      "the key ring that signs (`aegis keys ring`); default: BACKUP_KEYS, of any source of secrets",
    )
    .option("--recipients <file>", "who may open it, as for age -R; default: BACKUP_RECIPIENTS_FILE")
    .option("--recipient <age1...>", "the same, one; repeatable", many, [])
    .action(async (flags: CreateFlags) => createBackup(flags));

  withKeys(withPlace(backup.command("wal")))
    .description("keep one segment of the log: PostgreSQL's archive_command (aegis backup wal %p)")
    .argument("<path>", "the segment")
    .option("--keys <file>", "the key ring that signs; default: BACKUP_KEYS, of any source of secrets")
    .option("--recipients <file>", "who may open it; default: BACKUP_RECIPIENTS_FILE")
    .option("--recipient <age1...>", "the same, one; repeatable", many, [])
    .action(async (path: string, flags: WalFlags) => keepSegment(path, flags));

  withPolicy(withKeys(withPlace(backup.command("list"))))
    .description(
      "print the backups, newest first. Status 1: one is damaged or foreign, or the newest is overdue",
    )
    .option("--check", "read every byte of every part")
    .option("--json", "print them as JSON")
    .action(async (flags: ListFlags) => list(flags));

  withPolicy(withKeys(withPlace(backup.command("prune"))))
    .description("remove backups that the policy no longer keeps, and segments of the log that none needs")
    .option("--dry-run", "only print which")
    .action(async (flags: PruneFlags) => prune(flags));

  backup
    .command("key")
    .description("print the public key of a ring: what holds a backup against its signature elsewhere")
    .option("--keys <file>", "the key ring that signs; default: BACKUP_KEYS, of any source of secrets")
    .action(async ({ keys }: { readonly keys?: string }) =>
      print(JSON.stringify((await signerOf(keys)).jwk)),
    );

  registerRestore(backup);
  registerDrill(backup);
}

async function list(flags: ListFlags): Promise<void> {
  const { backup } = await choosePolicy(flags, await loadConfig(process.cwd()), "production");
  const found = await listBackups(placeOf(flags), await keysOf(flags), { whole: flags.check === true });
  const rows = found.map(({ id, manifest, problem }) => ({
    id,
    created_at: manifest?.created_at ?? null,
    parts: manifest?.parts.map(({ name }) => name) ?? [],
    bytes: manifest?.parts.reduce((sum, part) => sum + part.bytes, 0) ?? null,
    problem: problem ?? null,
  }));
  const newest = rows.find((row) => row.created_at !== null)?.created_at;
  const isOverdue =
    newest === undefined || newest === null || Date.now() - Date.parse(newest) > backup.maxAgeSeconds * 1000;
  if (flags.json === true) print(JSON.stringify({ overdue: isOverdue, backups: rows }, undefined, 2));
  else if (rows.length > 0)
    print(
      table(
        rows.map((row) => [
          row.id,
          row.bytes === null ? "-" : shownBytes(row.bytes),
          row.problem ?? row.parts.join(" "),
        ]),
      ),
    );
  const isBad = rows.some(({ problem }) => problem !== null);
  if (isBad) tell("error: what is named above is not to be restored from");
  if (isOverdue)
    tell(
      newest === undefined || newest === null
        ? "error: there is no backup"
        : `error: the newest backup is of ${newest}, older than backup.maxAgeSeconds (${backup.maxAgeSeconds}) allows`,
    );
  if (isBad || isOverdue) process.exitCode = 1;
}

async function prune(flags: PruneFlags): Promise<void> {
  const { backup } = await choosePolicy(flags, await loadConfig(process.cwd()), "production");
  const directory = placeOf(flags);
  const found = await listBackups(directory, await keysOf(flags));
  const believed = found.flatMap(({ manifest }) => (manifest === undefined ? [] : [manifest]));
  const kept = keptBackups(
    believed.map(({ id, created_at: at }) => ({ id, createdAt: Date.parse(at) })),
    backup,
  );
  for (const { id } of believed.filter((one) => !kept.has(one.id))) {
    if (flags.dryRun !== true) await removeBackup(directory, id);
    print(id);
  }
  // What is not to be believed is left: a person should see it, and it may be another's.
  for (const { id, problem } of found.filter(({ manifest }) => manifest === undefined))
    tell(`${id} is left as it is: ${problem ?? ""}`);
  if (flags.dryRun === true) return;
  const broken = await removeBroken(directory, Date.now() - BROKEN_AFTER_MS);
  const firsts = believed.flatMap(({ id, wal }) => (kept.has(id) && wal !== undefined ? [wal.first] : []));
  const segments = await pruneWal(
    directory,
    firsts.toSorted((a, b) => (a.slice(8) < b.slice(8) ? -1 : 1))[0],
  );
  tell(
    `${kept.size} kept, ${believed.length - kept.size} removed, ${segments} segments of the log removed, ${broken} broken ones removed`,
  );
}
