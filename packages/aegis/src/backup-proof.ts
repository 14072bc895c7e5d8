/**
 * Whether a restored database is what was backed up, and works. Threat: a backup that is whole as a file and worthless: rows
 * are missing, the log was cut, the keys that open it are gone, nobody can sign in. Rule: what the manifest counted is
 * counted again; every claim is tried on the restored data with the keys that the operator has. References: NIST SP
 * 800-34 3.5.4; ISO 27001 A.8.13; requirement OPS-3. It writes one account: into a scratch database, never the real one.
 */
import { createHash } from "node:crypto";
import type { HeadKeys } from "./audit-chain/heads.ts";
import { verifyChain } from "./audit-chain/verify.ts";
import type { DatabaseContents } from "./backup/contents.ts";
import type { Bytes } from "./backup/part.ts";
import { entriesOf } from "./backup/tar.ts";
import { encryptedColumn } from "./crypto/column.ts";
import type { DataKeys } from "./crypto/data-keys.ts";
import { SealError } from "./crypto/sealer.ts";
import { passwordHasher } from "./hashing/hash.ts";
import { sha256 } from "./lib/bytes.ts";
import type { Clock } from "./lib/clock.ts";
import type { Random } from "./lib/random.ts";
import type { Policy } from "./policy.ts";
import { PostgresAccountStore } from "./stores/postgres/account-store.ts";
import { auditLines } from "./stores/postgres/audit-lines.ts";
import type { SqlPool } from "./stores/postgres/client.ts";
import type { RewrapTarget } from "./stores/postgres/rewrap.ts";
import { count, optionalText, rowOf, text } from "./stores/postgres/rows.ts";
import { counted, quotedName } from "./stores/postgres/snapshot.ts";

export interface DrillAccount {
  readonly username: string;
  readonly password: string;
}

export interface ProofOptions {
  /** What the backup says that the database holds; without `rows` (a base) numbers may have moved on. */
  readonly contents: DatabaseContents;
  readonly rows: boolean;
  readonly policy: Policy;
  readonly headKeys: HeadKeys;
  /** Undefined: none were given, which fails where something is sealed. */
  readonly dataKeys: DataKeys | undefined;
  readonly columns: readonly RewrapTarget[];
  readonly peppers: readonly Uint8Array[];
  /** An account that was there; without one, one is made and signs in. */
  readonly account?: DrillAccount;
  readonly clock: Clock;
  readonly random: Random;
}

export interface ProofStep {
  readonly name: "rows" | "audit log" | "encrypted columns" | "login" | "uploads";
  /** absent: the database has nothing of the kind. */
  readonly outcome: "pass" | "fail" | "absent";
  readonly detail: string;
}

const step = (name: ProofStep["name"], problem: string | undefined, detail: string): ProofStep =>
  problem === undefined ? { name, outcome: "pass", detail } : { name, outcome: "fail", detail: problem };

export async function proveRestored(sql: SqlPool, options: ProofOptions): Promise<readonly ProofStep[]> {
  const found = await counted(sql);
  const has = (table: string): boolean => Object.hasOwn(found.tables, `public.${table}`);
  const absent = (name: ProofStep["name"], what: string): ProofStep => ({
    name,
    outcome: "absent",
    detail: what,
  });
  return [
    rowsStep(found.tables, options),
    has("aegis_audit") ? await auditStep(sql, options) : absent("audit log", "no audit log is kept here"),
    await columnsStep(sql, options, found.tables),
    has("aegis_accounts") ? await loginStep(sql, options) : absent("login", "no accounts are kept here"),
  ];
}

function rowsStep(found: Readonly<Record<string, number>>, { contents, rows }: ProofOptions): ProofStep {
  const names = [...new Set([...Object.keys(contents.tables), ...Object.keys(found)])];
  const different = names.filter((name) =>
    rows
      ? contents.tables[name] !== found[name]
      : Object.hasOwn(contents.tables, name) !== Object.hasOwn(found, name),
  );
  const [first = ""] = different;
  const total = Object.values(found).reduce((sum, one) => sum + one, 0);
  return step(
    "rows",
    different.length === 0
      ? undefined
      : `${different.length} of ${names.length} tables differ; ${first}: ${contents.tables[first] ?? "not there"} in the backup, ${found[first] ?? "not there"} restored`,
    rows
      ? `${names.length} tables, ${total} rows, as counted in the backup`
      : `${names.length} tables, ${total} rows`,
  );
}

async function auditStep(sql: SqlPool, { contents, rows, headKeys }: ProofOptions): Promise<ProofStep> {
  const { entries, last, headsHeld, headsUnchecked, problems, problemCount } = await verifyChain(
    auditLines(sql),
    {
      keys: headKeys,
    },
  );
  const expected = contents.audit;
  const problem =
    problemCount > 0
      ? `${problemCount} problems; entry ${problems[0]?.seq ?? 0}: ${problems[0]?.detail ?? ""}`
      : expected !== null && (last === undefined || last.seq < expected.seq)
        ? `the log ends at ${last?.seq ?? 0}; it went to ${expected.seq}`
        : rows && expected?.hash !== last?.hash
          ? "its last entry is another one"
          : undefined;
  return step(
    "audit log",
    problem,
    `${entries} entries, the chain is whole; ${headsHeld} signed heads hold${headsUnchecked === 0 ? "" : `, ${headsUnchecked} without a key to check them`}`,
  );
}

/**
 * Each stored file of the archive against the digest in its row. A file without a row came after the snapshot; a row
 * without its file is a loss, or was deleted while the backup was made.
 */
export async function proveUploads(sql: SqlPool, archive: Bytes): Promise<ProofStep> {
  let [right, spare] = [0, 0];
  const wrong: string[] = [];
  for await (const { name, file } of entriesOf(archive)) {
    if (file === undefined) continue;
    const hash = createHash("sha256");
    for await (const chunk of file.bytes) hash.update(chunk);
    const id = name.slice(name.lastIndexOf("/") + 1);
    const { rows } = await sql.query(
      "select digest from aegis_uploads where id::text = $1 and state = 'kept'",
      [id],
    );
    if (rows[0] === undefined) spare += 1;
    else if (text(rowOf(rows[0]), "digest") === hash.digest("base64url")) right += 1;
    else if (wrong.length < MOST_NAMED) wrong.push(id);
  }
  const { rows } = await sql.query("select count(*) as total from aegis_uploads where state = 'kept'");
  const lost = count(rowOf(rows[0]), "total") - right - wrong.length;
  return step(
    "uploads",
    wrong.length > 0
      ? `files are not what was stored: ${wrong.join(", ")}`
      : lost > 0
        ? `${lost} rows have no file: lost, or deleted while the backup was made`
        : undefined,
    `${right} files are what was stored${spare === 0 ? "" : `, ${spare} have no row`}`,
  );
}

const MOST_NAMED = 10;
const BATCH = 500;

async function columnsStep(
  sql: SqlPool,
  { columns, dataKeys, random }: ProofOptions,
  tables: Readonly<Record<string, number>>,
): Promise<ProofStep> {
  let opened = 0;
  for (const target of columns) {
    if (!Object.hasOwn(tables, target.table.includes(".") ? target.table : `public.${target.table}`))
      continue;
    const codec = dataKeys === undefined ? undefined : encryptedColumn(target, dataKeys, random);
    for await (const { value, row, tenant } of sealedValues(sql, target))
      try {
        if (codec === undefined)
          return step("encrypted columns", "columns are sealed, and no key was given", "");
        codec.open(value, { row, ...(tenant === null ? {} : { tenant }) });
        opened += 1;
      } catch (error) {
        if (!(error instanceof SealError)) throw error;
        return step("encrypted columns", `row ${row}: ${error.message}`, "");
      }
  }
  return opened === 0
    ? { name: "encrypted columns", outcome: "absent", detail: "nothing is sealed here" }
    : step("encrypted columns", undefined, `${opened} sealed values open`);
}

async function* sealedValues(sql: SqlPool, target: RewrapTarget) {
  const table = target.table.split(".").map(quotedName).join(".");
  const [column, row] = [quotedName(target.column), quotedName(target.rowColumn)];
  const tenant = target.tenantColumn === undefined ? "null" : `${quotedName(target.tenantColumn)}::text`;
  for (let after: string | undefined, isLast = false; !isLast;) {
    const { rows } = await sql.query(
      `select ${row}::text as row, ${tenant} as tenant, ${column} as value from ${table}
        where left(${column}, 3) = 'e1.' ${after === undefined ? "" : `and ${row}::text > $1`} order by ${row}::text limit ${BATCH}`,
      after === undefined ? [] : [after],
    );
    for (const found of rows.map(rowOf)) {
      after = text(found, "row");
      yield { row: after, tenant: optionalText(found, "tenant"), value: text(found, "value") };
    }
    isLast = rows.length < BATCH;
  }
}

async function loginStep(
  sql: SqlPool,
  { policy, peppers, account, clock, random }: ProofOptions,
): Promise<ProofStep> {
  const needed = await sql.query(
    "select distinct split_part(password_hash, ':', 2) as name from aegis_accounts where password_hash like 'pepper:%'",
  );
  const names = new Set(peppers.map((secret) => sha256(secret).slice(0, 8)));
  const missing = needed.rows.map((row) => text(rowOf(row), "name")).filter((name) => !names.has(name));
  if (missing.length > 0)
    return step(
      "login",
      `passwords were hashed with the pepper ${missing.join(", ")}, which was not given`,
      "",
    );
  const store = new PostgresAccountStore(sql);
  const hasher = passwordHasher(policy.password, random, { secrets: peppers, onMissing: () => undefined });
  const { username, password } = account ?? {
    username: `drill-${random.digits(12)}`,
    password: random.token(24),
  };
  if (account === undefined)
    await store.create(
      {
        id: random.uuid(),
        username,
        email: null,
        emailVerifiedAt: null,
        mustChangePassword: false,
        passwordNeedsMfa: false,
        registrationPending: false,
        disabledAt: null,
        deleteAfter: null,
        passwordHash: await hasher.hash(password),
        passwordChangedAt: clock.now(),
        displayName: "",
        aboutMe: "",
        roles: ["user"],
        createdAt: clock.now(),
      },
      false,
    );
  const found = await store.findByLogin(username);
  if (found === undefined) return step("login", `there is no account ${username}`, "");
  // A verification that says yes to everything would pass, too: another password must not.
  const right = (await hasher.verify(password, found.passwordHash)).ok;
  const wrong = (await hasher.verify(`${password}x`, found.passwordHash)).ok;
  return step(
    "login",
    right && !wrong
      ? undefined
      : `the password of ${username} ${right ? "is not the only one" : "does not hold"}`,
    account === undefined ? "an account that was made for it signs in" : `${username} signs in`,
  );
}
