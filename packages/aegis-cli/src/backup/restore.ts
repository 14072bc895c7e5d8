/** `aegis backup restore`: everything is read and held against its signature before anything is touched. */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import { BackupError, checkWal, extractFolder, extractWal, isVacant, type PartName } from "aegis/backup";
import {
  isEmptyDatabase,
  missingRoles,
  quotedName,
  restoreProgram,
  type SqlClient,
  withDatabaseName,
  withSnapshot,
} from "aegis/stores/postgres";
import { appendFor, give } from "./handed-over.ts";
import { type OpenedBackup, openedBackup, type OpenFlags, withBackup } from "./open.ts";
import { feed, userOf } from "./programs.ts";
import { unpackCluster } from "./scratch.ts";
import { demanded, freshSuffix, shownSeconds } from "./settings.ts";
import { withDatabase } from "../database.ts";
import { print, tell, UsageError } from "../talk.ts";

interface RestoreFlags extends OpenFlags {
  readonly url?: string | true;
  readonly into?: string;
  readonly uploads?: string;
  readonly embedded?: string;
  readonly cluster?: string;
  readonly until?: string;
  readonly as: string;
}

export function registerRestore(backup: Command): void {
  withBackup(backup.command("restore"))
    .description("restore into an empty database, an empty folder, or a new cluster at a point in time")
    .option("--url [postgres]", "the database, which must be empty; default: RESTORE_DATABASE_URL")
    .option("--into <name>", "a new database of that server instead")
    .option("--uploads <folder>", "the uploads, into a folder that is empty or not there")
    .option("--embedded <folder>", "the embedded database, into a folder that is empty or not there")
    .option(
      "--cluster <folder>",
      "the whole cluster, into a folder that is empty or not there: start PostgreSQL in it then",
    )
    .option(
      "--until <time>",
      "with --cluster: as it was then, like 2026-11-21T15:04:05Z; default: to the end of the log",
    )
    .option("--as <user>", "with --cluster: who runs PostgreSQL, where root restores", "postgres")
    .action(async (name: string, flags: RestoreFlags) => restore(name, flags));
}

async function restore(name: string, flags: RestoreFlags): Promise<void> {
  const wantsDatabase = flags.url !== undefined || flags.into !== undefined;
  if (
    !wantsDatabase &&
    flags.uploads === undefined &&
    flags.embedded === undefined &&
    flags.cluster === undefined
  )
    throw new UsageError(
      "It is not said what to restore.",
      "Give --url or --into, --uploads, --embedded, or --cluster.",
    );
  const until = untilOf(flags);
  const backup = await openedBackup(name, flags);
  const has = (one: PartName): boolean => backup.manifest.parts.some((part) => part.name === one);
  for (const [wanted, one] of [
    [wantsDatabase, "database"],
    [flags.uploads !== undefined, "uploads"],
    [flags.embedded !== undefined, "embedded"],
    [flags.cluster !== undefined, "base"],
  ] as const)
    if (wanted && !has(one))
      throw new BackupError(
        "AEGIS_BACKUP_PART_MISSING",
        `The backup ${backup.manifest.id} has no part ${one}.`,
      );
  // Every place is looked at before the first is written to.
  const folders = [
    flags.uploads,
    flags.embedded,
    flags.cluster,
    flags.cluster === undefined ? undefined : `${flags.cluster}.wal`,
  ];
  for (const folder of folders)
    if (folder !== undefined && !(await isVacant(resolve(folder))))
      throw new BackupError("AEGIS_BACKUP_TARGET_IN_USE", `${folder} is not empty.`, {
        hint: "Nothing was touched. Name a folder that is not there yet.",
      });

  if (wantsDatabase) await intoDatabase(backup, flags);
  if (flags.uploads !== undefined)
    print(
      `uploads: ${await extractFolder(backup.part("uploads"), resolve(flags.uploads), freshSuffix())} files`,
    );
  if (flags.embedded !== undefined) {
    const files = await extractFolder(
      backup.part("embedded"),
      join(resolve(flags.embedded), "pglite"),
      freshSuffix(),
    );
    print(`embedded: ${files} files`);
  }
  if (flags.cluster !== undefined) await intoCluster(backup, resolve(flags.cluster), until, flags.as);
}

async function intoDatabase({ contents, part }: OpenedBackup, flags: RestoreFlags): Promise<void> {
  const begun = Date.now();
  const server = demanded(
    typeof flags.url === "string" ? flags.url : undefined,
    "RESTORE_DATABASE_URL",
    "which database",
  );
  const { into } = flags;
  const url = into === undefined ? server : withDatabaseName(server, into);
  await withDatabase(server, async (sql) => {
    const missing = await missingRoles(sql, contents.database?.roles ?? []);
    if (missing.length > 0)
      throw new BackupError(
        "AEGIS_BACKUP_FAILED",
        `The server has no role ${missing.join(", ")}, which the backup needs.`,
        {
          hint: `Nothing was touched. ${missing.map((role) => `create role ${quotedName(role)};`).join(" ")}`,
        },
      );
    if (into !== undefined) await sql.query(`create database ${quotedName(into)} template template0`);
    else if (!(await isEmptyDatabase(sql)))
      throw new BackupError("AEGIS_BACKUP_TARGET_IN_USE", "The database is not empty.", {
        hint: "Nothing was touched. Restore into a new one: --into NAME",
      });
  });
  try {
    await feed(restoreProgram(url), part("database"));
  } catch (error) {
    if (into !== undefined)
      await withDatabase(server, (sql) => sql.query(`drop database ${quotedName(into)} with (force)`));
    throw error;
  }
  const expected = contents.database?.tables ?? {};
  const tables = await withDatabase(url, rowsIn);
  const different = [...new Set([...Object.keys(tables ?? {}), ...Object.keys(expected)])].filter(
    (table) => tables?.[table] !== expected[table],
  );
  if (tables === undefined) tell("The rows were not counted: row-level security binds this role.");
  else if (different.length > 0) {
    tell(
      `error: ${different.length} tables have other numbers of rows than were backed up: ${different.slice(0, 5).join(", ")}`,
    );
    process.exitCode = 1;
  }
  const rows = Object.values(expected).reduce((sum, one) => sum + one, 0);
  print(
    `database: ${Object.keys(expected).length} tables, ${rows} rows in ${shownSeconds(Date.now() - begun)}`,
  );
}

/** Undefined where the role that restored may not see all of them. */
const rowsIn = (sql: SqlClient) =>
  withSnapshot(sql, async ({ tables }) => tables, { shared: false }).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "42501") return undefined;
    throw error;
  });

function untilOf({ until, cluster }: RestoreFlags): string | undefined {
  if (until === undefined) return undefined;
  if (cluster === undefined) throw new UsageError("--until is for --cluster: a dump is of one moment.");
  if (
    !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$/.test(until) ||
    Number.isNaN(Date.parse(until))
  )
    throw new UsageError(`"${until}" is no time.`, "Say it with its zone: 2026-11-21T15:04:05Z");
  return until;
}

/** PostgreSQL reads its settings before it knows names of zones: "Z" is one. */
const inPostgres = (time: string): string => time.replace("T", " ").replace(/Z$/, "+00:00");

/** Names that stand in a setting of PostgreSQL and in a command of its shell as they are. */
const PLAIN_PATH = /^\/[\w./-]+$/;

async function intoCluster(
  backup: OpenedBackup,
  data: string,
  until: string | undefined,
  as: string,
): Promise<void> {
  const { directory, manifest, identities, keys, part } = backup;
  const begun = Date.now();
  const { wal } = manifest;
  if (wal === undefined)
    throw new BackupError("AEGIS_BACKUP_DAMAGED", "its base does not say where its log begins");
  if (!PLAIN_PATH.test(data))
    throw new UsageError("The folder's name has characters that a shell reads otherwise.");
  if (until !== undefined && Date.parse(until) < Date.parse(manifest.created_at))
    throw new UsageError(
      `The backup is of ${manifest.created_at}: it cannot go back to ${until}.`,
      "Take an older one.",
    );
  const segments = await checkWal(directory, wal, keys);
  const user = userOf(as);
  const log = `${data}.wal`;
  try {
    mkdirSync(dirname(data), { recursive: true });
    rmSync(log, { recursive: true, force: true }); // empty, as was looked at
    mkdirSync(data, { recursive: true, mode: 0o700 });
    give(user, data);
    await unpackCluster(part("base"), data, user);
    await extractWal(directory, segments, identities, log);
    // The folder last: until then nobody can put a link in place of a file.
    for (const path of [...readdirSync(log).map((name) => join(log, name)), log]) give(user, path);
    const settings = [
      `restore_command = 'cp "${log}/%f" "%p"'`,
      ...(until === undefined ? [] : [`recovery_target_time = '${inPostgres(until)}'`]),
      "recovery_target_action = 'promote'",
    ];
    appendFor(user, join(data, "postgresql.auto.conf"), `${settings.join("\n")}\n`);
    appendFor(user, join(data, "recovery.signal"), "");
  } catch (error) {
    for (const path of [data, log]) rmSync(path, { recursive: true, force: true });
    throw error;
  }
  print(
    `cluster: ${data}, ${segments.length} segments of the log in ${log} (${shownSeconds(Date.now() - begun)})`,
  );
  tell(
    `Start PostgreSQL in it: it goes on to ${until ?? "the end of the log"} and opens. Remove ${log} then.`,
  );
}
