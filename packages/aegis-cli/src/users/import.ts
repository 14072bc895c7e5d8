import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { type Command, Option } from "commander";
import { environmentOf, type Policy, systemRandom } from "aegis";
import { accountWordsAre, findImportTenant, postgresUserImport, type SqlClient } from "aegis/stores/postgres";
import {
  accountRecords,
  csvRows,
  type ImportSummary,
  importUsers,
  jsonRows,
  type UserImportStore,
} from "aegis/users";
import { choosePolicy, layeredPolicy, loadConfig, type ProjectConfig } from "../config.ts";
import { withDatabase } from "../database.ts";
import { dataKeysFrom } from "../keys/data.ts";
import { print, table, tell, UsageError } from "../talk.ts";

const TENANT_ROLES = ["learner", "author", "admin", "owner"] as const;
type TenantRole = (typeof TENANT_ROLES)[number];

interface ImportFlags {
  readonly apply?: boolean;
  readonly skipRefused?: boolean;
  readonly format?: string;
  readonly url?: string;
  readonly preset?: string;
  readonly policy?: string;
  readonly allowAdmin?: boolean;
  readonly mustChangePassword?: boolean;
  readonly knownRole: readonly string[];
  readonly tenant?: string;
  readonly role: string;
  readonly plain?: boolean;
  readonly json?: boolean;
}

export function registerImport(users: Command): void {
  users
    .command("import")
    .description(
      "accounts out of a file, with their password hashes. It only looks, unless --apply is given. Status 1: rows were refused",
    )
    .argument("<file>", "JSON Lines (.jsonl, .ndjson), or CSV with a row of names")
    .option("--apply", "write them; a file with refused rows is not written at all")
    .option("--dry-run", "only look: what happens without --apply, too")
    .option("--skip-refused", "with --apply: write all but the refused rows")
    .addOption(new Option("--format <name>", "default: by the name of the file").choices(["jsonl", "csv"]))
    .option("--url <postgres>", "the database; default: DATABASE_URL, which no list of processes shows")
    .option("--preset <name>", "whose rules hold; default: the project's, with AEGIS_POLICY")
    .option("--policy <file>", "whose rules hold")
    .option("--allow-admin", "rows may make administrators, and --role may be admin or owner")
    .option(
      "--known-role <name>",
      "a role of the application's, beside user and admin; repeatable",
      (one: string, all: readonly string[]) => [...all, one],
      [],
    )
    .option("--must-change-password", "ask everybody for a new password at their first sign-in")
    .option("--tenant <name>", "everybody who is new becomes a member of it")
    .addOption(new Option("--role <role>", "what they are there").choices(TENANT_ROLES).default("learner"))
    .option("--plain", "the application does not encrypt columns of accounts")
    .option("--json", "the refused rows and the summary as JSON lines")
    .action(async (file: string, flags: ImportFlags, command: Command) => {
      if (flags.apply === true && command.getOptionValue("dryRun") === true)
        throw new UsageError("--apply writes, and --dry-run does not.", "Say one of them.");
      await importFile(file, flags);
    });
}

async function importFile(file: string, flags: ImportFlags): Promise<void> {
  const open = await rowsOf(file, flags.format);
  const config = await loadConfig(process.cwd());
  const policy = await policyFrom(flags, config);
  const runId = `import-${systemRandom.token(6)}`;
  await withDatabase(flags.url, async (sql) => {
    const store = await storeFrom(sql, policy, flags, runId);
    const look = (apply: boolean): Promise<ImportSummary> =>
      importUsers(
        {
          policy,
          store: store(),
          roles: flags.knownRole,
          allowAdmin: flags.allowAdmin === true,
          mustChangePassword: flags.mustChangePassword === true,
        },
        {
          rows: open(),
          apply,
          onRefused: ({ line, problems }) => {
            if (flags.json === true) print(JSON.stringify({ line, problems }));
            else for (const { column, message } of problems) print(`line ${line}  ${column}  ${message}`);
          },
          onBatch: (rows) => (apply ? tell(`${rows} rows`) : undefined),
        },
      );
    // The whole file first: half of one is worse than none.
    const before = await look(false);
    if (before.refused > 0) process.exitCode = 1;
    if (flags.apply !== true) {
      report(before, flags, "would be made");
      tell("Nothing was written: --apply does.");
      return;
    }
    if (before.refused > 0 && flags.skipRefused !== true) {
      report(before, flags, "would be made");
      throw new UsageError(
        `${before.refused} rows are refused; nothing was written.`,
        "Mend them, or leave them out with --skip-refused.",
      );
    }
    const done = await look(true);
    if (done.refused > 0) process.exitCode = 1;
    report(done, flags, "made");
    tell(`In the audit log: account.imported, request ${runId}.`);
  });
}

function report(summary: ImportSummary, { json = false }: ImportFlags, made: string): void {
  if (json) return print(JSON.stringify(summary));
  const { rows, there, refused, hashes, unreachable, disabled } = summary;
  print(
    table([
      ["rows", String(rows)],
      [made, String(summary.new)],
      ...Object.entries(hashes).map(([kind, count]) => [
        `  ${kind === "none" ? "without a password" : kind}`,
        String(count),
      ]),
      ["  suspended", String(disabled)],
      ["there already, left alone", String(there)],
      ["refused", String(refused)],
    ]),
  );
  if (unreachable > 0)
    tell(
      `warning: ${unreachable} have neither a password nor a verified address: nobody can send them a link for a new one.`,
    );
}

/** Opened anew for each pass. */
async function rowsOf(file: string, given: string | undefined) {
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true) throw new UsageError(`There is no file ${file}.`);
  if ((found.mode & 0o077) !== 0)
    tell(`warning: others on this machine may read ${file}, which holds password hashes: chmod 600`);
  const format = given ?? (/\.csv$/i.test(file) ? "csv" : /\.(jsonl|ndjson)$/i.test(file) ? "jsonl" : "");
  if (format === "")
    throw new UsageError(`Whether ${file} is CSV or JSON Lines its name does not say.`, "Add --format.");
  const rows = format === "csv" ? csvRows : jsonRows;
  return () => rows(chunksOf(file));
}

async function* chunksOf(file: string): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(file)) {
    const bytes: unknown = chunk;
    if (bytes instanceof Uint8Array) yield bytes;
  }
}

export async function policyFrom(
  flags: { readonly preset?: string; readonly policy?: string },
  config: ProjectConfig | undefined,
): Promise<Policy> {
  const environment = environmentOf(process.env["NODE_ENV"]);
  if (flags.preset !== undefined || flags.policy !== undefined)
    return choosePolicy(
      {
        ...(flags.preset === undefined ? {} : { preset: flags.preset }),
        ...(flags.policy === undefined ? {} : { policy: flags.policy }),
      },
      config,
      environment,
    );
  return layeredPolicy(config, process.env["AEGIS_POLICY"] || undefined, environment);
}

async function storeFrom(
  sql: SqlClient,
  policy: Policy,
  flags: ImportFlags,
  runId: string,
): Promise<() => UserImportStore> {
  const keys = flags.plain === true ? undefined : await dataKeysFrom(undefined);
  if (keys === undefined && flags.plain !== true)
    throw new UsageError(
      "It is not said which keys display names are encrypted under.",
      "Set DATA_KEYS_FILE or SECRET_KEY as the server has them; or say --plain where the application encrypts nothing.",
    );
  const words = await accountWordsAre(sql, keys).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "42P01")) throw error;
    throw new UsageError(
      "The database has no accounts of Aegis yet.",
      "Migrate it first: start the application once with DATABASE_OWNER_URL.",
    );
  });
  if (words === "other")
    throw new UsageError(
      "Those who are there are encrypted under other keys.",
      "Give the keys of the server: DATA_KEYS_FILE, SECRET_KEY, SECRET_KEY_PREVIOUS.",
    );
  if (words === "plain" && keys !== undefined)
    throw new UsageError("The words of those who are there are not encrypted.", "Say --plain.");
  if (words === "sealed" && keys === undefined)
    throw new UsageError("The words of those who are there are encrypted.", "Leave --plain out.");
  const tenant = await tenantFrom(sql, policy, flags);
  return () =>
    postgresUserImport(sql, {
      ...(keys === undefined ? {} : { dataKeys: keys }),
      ...(tenant === undefined ? {} : { tenant }),
      record: accountRecords(policy, "account.imported", runId),
      now: () => Date.now(),
    });
}

async function tenantFrom(sql: SqlClient, policy: Policy, flags: ImportFlags) {
  if (flags.tenant === undefined) return undefined;
  const role = TENANT_ROLES.find((one): one is TenantRole => one === flags.role) ?? "learner";
  if ((role === "admin" || role === "owner") && flags.allowAdmin !== true)
    throw new UsageError(`A file makes nobody ${role} of a tenant by itself.`, "Add --allow-admin.");
  if (!policy.tenancy.enabled) throw new UsageError("The policy has no tenants (tenancy.enabled).");
  const id = await findImportTenant(sql, flags.tenant);
  if (id === undefined) throw new UsageError("There is no open tenant of that name.");
  return { id, role, membersLimit: policy.tenancy.membersLimit };
}
