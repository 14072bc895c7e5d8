/** `aegis backup drill`: a backup is one only when it was restored. */
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { loadSecretRing, type Policy, secretKeysOf, systemRandom } from "aegis";
import { derivedSigner, type HeadKeys, headKeys } from "aegis/audit";
import {
  BackupError,
  type DatabaseContents,
  extractFolder,
  type ProofOptions,
  type ProofStep,
  proveRestored,
  proveUploads,
} from "aegis/backup";
import { quotedName, restoreProgram, sealedAccountColumns, type SqlPool } from "aegis/stores/postgres";
import pg from "pg";
import { openEmbedded } from "./embedded.ts";
import { type OpenedBackup, openedBackup, type OpenFlags, withBackup } from "./open.ts";
import { feed } from "./programs.ts";
import { startScratch } from "./scratch.ts";
import { freshSuffix, many, publicKeys, shownSeconds } from "./settings.ts";
import { choosePolicy, loadConfig, type PolicyChoice } from "../config.ts";
import { dataKeysFrom, targetFrom } from "../keys/data.ts";
import { readSecrets } from "../secrets.ts";
import { paint, print, table, tell } from "../talk.ts";

interface DrillFlags extends OpenFlags, PolicyChoice {
  readonly auditKey: readonly string[];
  readonly ring?: string;
  readonly column: readonly string[];
  readonly pgBin?: string;
  readonly as: string;
  readonly json?: boolean;
}

export function registerDrill(backup: Command): void {
  withBackup(backup.command("drill"))
    .description(
      "restore into a scratch server and prove it: rows, audit log, encrypted columns, a login, uploads. Status 1: something does not hold",
    )
    .option(
      "--audit-key <file>",
      "the public key or ring of the audit log; repeatable. Default: derived of SECRET_KEY",
      many,
      [],
    )
    .option("--ring <file>", "the data key ring; default: DATA_KEYS_FILE, and the keys derived of SECRET_KEY")
    .option(
      "--column <table.column:key[:tenant]>",
      "an encrypted column of the application's; repeatable",
      many,
      [],
    )
    .option(
      "--pg-bin <folder>",
      "PostgreSQL's server programs; default: where Debian has them, then the PATH",
    )
    .option("--as <user>", "who runs PostgreSQL, where root drills", "postgres")
    .option("--preset <name>", "whose password section to follow")
    .option("--policy <file>", "whose password section to follow")
    .option("--json", "print the steps as JSON")
    .addHelpText(
      "after",
      "\nBACKUP_DRILL_USERNAME and BACKUP_DRILL_PASSWORD name an account that has to sign in; without them one is made in the scratch database.",
    )
    .action(async (name: string, flags: DrillFlags) => drill(await openedBackup(name, flags), flags));
}

interface Told extends ProofStep {
  readonly part: string;
}

async function drill(backup: OpenedBackup, flags: DrillFlags): Promise<void> {
  const begun = Date.now();
  const { contents, manifest } = backup;
  const facts = contents.database;
  if (facts === undefined)
    throw new BackupError("AEGIS_BACKUP_DAMAGED", "it does not say what its database holds");
  const proof = { ...(await proofOptions(flags)), contents: facts };
  const steps: Told[] = [];
  // Ctrl-C ends what was started, and removes it: `exit` handlers see to that.
  const giveUp = (): void => process.exit(130);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, giveUp);
  for (const { name } of manifest.parts) {
    const at = Date.now();
    if (name === "database") await fromDump(backup, flags, facts, proof, steps);
    else if (name === "embedded") await fromEmbedded(backup, proof, steps);
    else if (name === "base") await fromBase(backup, flags, facts, proof, steps);
    else continue;
    tell(`${name}: restored and looked at in ${shownSeconds(Date.now() - at)}`);
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, giveUp);
  const isProven = steps.length > 0 && steps.every(({ outcome }) => outcome !== "fail");
  const took = Date.now() - begun;
  if (flags.json === true)
    print(JSON.stringify({ id: manifest.id, ok: isProven, seconds: took / 1000, steps }, undefined, 2));
  else {
    print(table(steps.map(({ part, name, outcome, detail }) => [part, painted(outcome), name, detail])));
    print(`${manifest.id} ${isProven ? "can be restored" : "is not proven"}; it took ${shownSeconds(took)}`);
  }
  if (!isProven) process.exitCode = 1;
}

const painted = (outcome: ProofStep["outcome"]): string =>
  paint(outcome === "pass" ? "green" : outcome === "fail" ? "red" : "dim", outcome.padEnd(6));

async function fromDump(
  backup: OpenedBackup,
  flags: DrillFlags,
  facts: DatabaseContents,
  proof: Omit<ProofOptions, "rows">,
  steps: Told[],
): Promise<void> {
  const scratch = await startScratch({
    pgBin: flags.pgBin,
    as: flags.as,
    preloadLibraries: facts.preload_libraries,
  });
  try {
    await withPool(scratch.url("postgres"), async (sql) => {
      const { rows } = await sql.query("select rolname from pg_roles");
      const there = new Set(rows.map((row) => JSON.stringify(row)));
      for (const role of facts.roles)
        if (!there.has(JSON.stringify({ rolname: role })))
          await sql.query(`create role ${quotedName(role)} nologin`);
      await sql.query("create database drill template template0");
    });
    await feed(restoreProgram(scratch.url("drill")), backup.part("database"));
    await withPool(scratch.url("drill"), async (sql) => {
      await told(steps, "database", proveRestored(sql, { ...proof, rows: true }));
      await uploadsOf(backup, sql, steps);
    });
  } finally {
    await scratch.close();
  }
}

/** What a server held while it was running: led to its end, but not counted, for people went on working. */
async function fromBase(
  backup: OpenedBackup,
  flags: DrillFlags,
  facts: DatabaseContents,
  proof: Omit<ProofOptions, "rows">,
  steps: Told[],
): Promise<void> {
  const { superuser, database } = facts;
  if (superuser === null || database === null)
    return void steps.push({
      part: "base",
      name: "rows",
      outcome: "fail",
      detail: "the backup does not name a superuser to look with",
    });
  const base = { tar: backup.part("base"), superuser };
  const scratch = await startScratch({
    pgBin: flags.pgBin,
    as: flags.as,
    preloadLibraries: facts.preload_libraries,
    base,
  });
  try {
    await withPool(scratch.url(database), (sql) =>
      told(steps, "base", proveRestored(sql, { ...proof, rows: false })),
    );
  } finally {
    await scratch.close();
  }
}

async function fromEmbedded(
  backup: OpenedBackup,
  proof: Omit<ProofOptions, "rows">,
  steps: Told[],
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "aegis-drill-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove); // also where somebody gives up
  try {
    await extractFolder(backup.part("embedded"), join(folder, "pglite"), freshSuffix());
    const { pool, close } = await openEmbedded(join(folder, "pglite"));
    try {
      await told(steps, "embedded", proveRestored(pool, { ...proof, rows: true }));
      await uploadsOf(backup, pool, steps);
    } finally {
      await close();
    }
  } finally {
    process.off("exit", remove);
    remove();
  }
}

async function uploadsOf(backup: OpenedBackup, sql: SqlPool, steps: Told[]): Promise<void> {
  if (!backup.manifest.parts.some(({ name }) => name === "uploads")) return;
  if (!Object.hasOwn(backup.contents.database?.tables ?? {}, "public.aegis_uploads")) return;
  steps.push({ part: "uploads", ...(await proveUploads(sql, backup.part("uploads"))) });
}

async function told(steps: Told[], part: string, found: Promise<readonly ProofStep[]>): Promise<void> {
  steps.push(...(await found).map((step) => ({ part, ...step })));
}

async function withPool(url: string, work: (sql: SqlPool) => Promise<void>): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  pool.on("error", () => undefined); // the scratch server is ended behind it
  try {
    await work(pool);
  } finally {
    await pool.end();
  }
}

/** Keys as the servers have them: a backup whose keys are gone is none. */
async function proofOptions(flags: DrillFlags): Promise<Omit<ProofOptions, "rows" | "contents">> {
  const policy: Policy = await choosePolicy(flags, await loadConfig(process.cwd()), "production");
  const username = process.env["BACKUP_DRILL_USERNAME"];
  const { BACKUP_DRILL_PASSWORD: password } = await readSecrets("BACKUP_DRILL_PASSWORD");
  const isGiven = username !== undefined && username !== "" && password !== undefined;
  return {
    policy,
    headKeys: await auditKeys(flags),
    dataKeys: await dataKeysFrom(flags.ring),
    columns: [...sealedAccountColumns, ...flags.column.map(targetFrom)],
    peppers: loadSecretRing(await readSecrets("PASSWORD_PEPPER")).passwordPeppers,
    clock: { now: () => Date.now() },
    random: systemRandom,
    ...(isGiven ? { account: { username, password } } : {}),
  };
}

async function auditKeys({ auditKey }: DrillFlags): Promise<HeadKeys> {
  const ring = process.env["AUDIT_KEYS_FILE"];
  const files = auditKey.length > 0 ? auditKey : ring === undefined || ring === "" ? [] : [ring];
  const derived = secretKeysOf(await readSecrets("SECRET_KEY", "SECRET_KEY_PREVIOUS")).map(
    (secret) => derivedSigner(secret).jwk,
  );
  if (files.length === 0) return headKeys(derived);
  // What was signed before there was a ring was signed with the derived one.
  return new Map([...(await publicKeys(files, "These are no keys of the audit log.")), ...headKeys(derived)]);
}
