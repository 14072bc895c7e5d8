import type { Command } from "commander";
import {
  checkDatabase,
  checkIndexes,
  type DatabaseCheck,
  type IndexFinding,
  type IsolationTrial,
  serverProtection,
  type ServerExtension,
  type SqlPool,
  tryIsolation,
} from "aegis/stores/postgres";
import { registerPreflight } from "./preflight/preflight.ts";
import { readSecrets } from "./secrets.ts";
import { counted, paint, print, table, tell, UsageError } from "./talk.ts";

interface DatabaseFlags {
  readonly url?: string;
  readonly json?: boolean;
}

const CONNECT_WITHIN_MS = 5000;
const STATEMENT_WITHIN_MS = 60_000;

/** `aegis check`: looks at what stands behind the application, as the application. */
export function registerCheck(program: Command): void {
  const check = program
    .command("check")
    .description(
      "whether everything is right on this machine: configuration, secrets, database, room, way back",
    );
  registerPreflight(check);

  check
    .command("db")
    .description(
      "whether one tenant's rows are shut to another: reads the catalogue, then tries every command on every table, and takes it back; and whether foreign keys have indexes",
    )
    .option(
      "--url <address>",
      "as the application's own role; default: DATABASE_URL, which no list of processes shows",
    )
    .option("--json", "print what was found as JSON")
    .action(async (_own: DatabaseFlags, command: Command) => {
      const flags: DatabaseFlags = command.optsWithGlobals(); // --json is an option of `check`, too
      const url = flags.url ?? (await readSecrets("DATABASE_URL"))["DATABASE_URL"];
      if (url === undefined || url === "")
        throw new UsageError(
          "Which database? There is no --url and no DATABASE_URL.",
          "Set DATABASE_URL to postgres://role@host/database, with the role of the application.",
        );
      const { found, indexes, trials, extensions } = await inspect(url);
      const leaks = trials.filter(({ outcome }) => outcome === "leak");
      const findings = [...found.findings, ...indexes];
      const isRight = findings.length === 0 && leaks.length === 0;
      if (flags.json === true)
        print(JSON.stringify({ ok: isRight, ...found, findings, trials, extensions }, undefined, 2));
      else {
        report({ ...found, findings }, trials);
        tellExtensions(extensions);
      }
      process.exitCode = isRight ? 0 : 1;
    });
}

interface Inspected {
  readonly found: DatabaseCheck;
  readonly indexes: readonly IndexFinding[];
  readonly trials: readonly IsolationTrial[];
  readonly extensions: readonly ServerExtension[];
}

async function inspect(url: string): Promise<Inspected> {
  const { pool, end } = await open(url);
  try {
    return {
      found: await checkDatabase(pool),
      indexes: await checkIndexes(pool),
      trials: await tryIsolation(pool),
      extensions: await serverProtection(pool),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `The database cannot be looked at: ${reason}`,
      "Is the address right, and were the migrations applied?",
    );
  } finally {
    await end();
  }
}

async function open(url: string): Promise<{ readonly pool: SqlPool; readonly end: () => Promise<void> }> {
  const { default: pg } = await import("pg");
  const pool = new pg.Pool({
    connectionString: url,
    max: 2,
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    statement_timeout: STATEMENT_WITHIN_MS,
    application_name: "aegis check",
  });
  pool.on("error", () => undefined); // told by the statement that waits for it
  pool.on("connect", (client) => client.on("error", () => undefined));
  return { pool, end: () => pool.end() };
}

/** What the server does beyond what can be asked of any: missing is no fault, and is not passed over. */
function tellExtensions(extensions: readonly ServerExtension[]): void {
  for (const { name, state, version, logs } of extensions)
    print(
      `${name.padEnd(10)} ${state}${version === null ? "" : ` ${version}`}${logs === null ? "" : `, writes ${logs}`}`,
    );
}

interface Report extends Pick<DatabaseCheck, "role" | "tables"> {
  readonly findings: readonly (DatabaseCheck["findings"][number] | IndexFinding)[];
}

function report({ role, tables, findings }: Report, trials: readonly IsolationTrial[]): void {
  print(`role    ${role}`);
  print(`tables  ${tables.length === 0 ? "none has tenants' rows" : tables.join(", ")}\n`);
  for (const { kind, message } of findings) print(`${paint("red", "✗")} ${kind}: ${message}`);
  const shown = { held: "held", leak: "LEAK", untried: "not tried" } as const;
  if (trials.length > 0)
    print(
      table([
        ["table", "command", "outcome", "observed"],
        ...trials.map((one) => [one.table, one.command, shown[one.outcome], one.observed]),
      ]),
    );
  const count = (outcome: IsolationTrial["outcome"]) =>
    trials.filter((one) => one.outcome === outcome).length;
  tell(
    `${counted(findings.length, "finding")}; ${counted(count("leak"), "leak")}, ${count("held")} held, ${count("untried")} not tried.`,
  );
  if (count("untried") > 0)
    tell("hint: a table is tried where two tenants have rows in it; elsewhere only the catalogue was read.");
}
