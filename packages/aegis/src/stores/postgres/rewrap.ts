/**
 * Moves encrypted columns under the active key. Threat: a rotation that is interrupted leaves rows that nothing opens, or
 * some under the key that leaked, and nobody knows which. Rule: what is left to do is what the rows themselves say, so
 * there is no progress to lose; each batch is one statement; a row that somebody changed in the meantime is looked at
 * again; a row that does not open is left as it is, and named. References: NIST SP 800-57 5.3.5; requirement DAT-3.
 */
import { encryptedColumn } from "../../crypto/column.ts";
import type { DataKeys } from "../../crypto/data-keys.ts";
import { SealError } from "../../crypto/sealer.ts";
import { type Random, systemRandom } from "../../lib/random.ts";
import type { SqlClient } from "./client.ts";
import { count, flag, optionalText, rowOf, text } from "./rows.ts";

export interface RewrapTarget {
  readonly table: string;
  readonly column: string;
  /** The row's key, as `RowPlace.row` has it. */
  readonly rowColumn: string;
  readonly tenantColumn?: string;
}

export interface RewrapOptions {
  readonly batchSize?: number;
  /** Seals what is not sealed yet, and leaves alone what is. Otherwise it is the other way round. */
  readonly sealPlain?: boolean;
  readonly onBatch?: (done: number) => void;
  readonly random?: Random;
}

export interface RewrapResult {
  readonly done: number;
  /** Keys of rows that did not open, at most a hundred of them. */
  readonly unreadable: readonly string[];
  readonly unreadableCount: number;
  /** Rows that are not as they should be when it ends: 0, or others write under an older key still. */
  readonly left: number;
}

export class RewrapError extends Error {
  override readonly name = "RewrapError";
}

const BATCH = 500;
const MOST_NAMED = 100;
/** As in migration 0010, whose indexes are used only where the words are the same. */
const NOT_SEALED = (column: string): string =>
  `${column} <> '' and ${column} !~ '^e1\\.[A-Za-z0-9_-]{8}\\.[A-Za-z0-9_-]{118,}$'`;
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** @throws RewrapError where row-level security hides rows from this role: "nothing left" would be untrue. */
export async function rewrapColumn(
  sql: SqlClient,
  target: RewrapTarget,
  keys: DataKeys,
  options: RewrapOptions = {},
): Promise<RewrapResult> {
  const { batchSize = BATCH, sealPlain = false, onBatch = () => undefined, random = systemRandom } = options;
  const codec = encryptedColumn(target, keys, random);
  const table = target.table.split(".").map(quoted).join(".");
  const [column, row] = [quoted(target.column), quoted(target.rowColumn)];
  const tenant = target.tenantColumn === undefined ? "null" : `${quoted(target.tenantColumn)}::text`;
  const rowType = await typeOfRow(sql, table, target.rowColumn);
  const wanted = sealPlain
    ? NOT_SEALED(column)
    : `${column} <> '' and left(${column}, ${codec.activePrefix.length}) <> '${codec.activePrefix}'`;

  let done = 0;
  let unreadableCount = 0;
  const unreadable: string[] = [];
  let after: string | undefined;
  for (;;) {
    const { rows } = await sql.query(
      `select ${row}::text as row, ${tenant} as tenant, ${column} as value from ${table}
        where ${wanted} ${after === undefined ? "" : `and ${row} > $1::${rowType}`}
        order by ${table}.${row} limit ${batchSize}`,
      after === undefined ? [] : [after],
    );
    const batch: { row: string; old: string; fresh: string }[] = [];
    for (const one of rows.map(rowOf)) {
      after = text(one, "row");
      const owner = optionalText(one, "tenant");
      const old = text(one, "value");
      try {
        const place = { row: after, ...(owner === null ? {} : { tenant: owner }) };
        batch.push({ row: after, old, fresh: sealPlain ? codec.seal(old, place) : codec.rewrap(old, place) });
      } catch (error) {
        if (!(error instanceof SealError)) throw error;
        unreadableCount += 1;
        if (unreadable.length < MOST_NAMED) unreadable.push(after);
      }
    }
    if (batch.length > 0) {
      // Only where the old text still stands: what the application wrote in the meantime is newer than ours.
      const { rowCount } = await sql.query(
        `update ${table} as t set ${column} = v.fresh
           from unnest($1::text[], $2::text[], $3::text[]) as v (id, old, fresh)
          where t.${row} = v.id::${rowType} and t.${column} = v.old`,
        [batch.map((one) => one.row), batch.map(({ old }) => old), batch.map(({ fresh }) => fresh)],
      );
      done += rowCount ?? 0;
      onBatch(done);
    }
    if (rows.length < batchSize) break;
  }
  const counted = await sql.query(`select count(*) as total from ${table} where ${wanted}`);
  return { done, unreadable, unreadableCount, left: count(rowOf(counted.rows[0]), "total") };
}

async function typeOfRow(sql: SqlClient, table: string, rowColumn: string): Promise<string> {
  const { rows } = await sql.query(
    `select format_type(atttypid, atttypmod) as type, row_security_active(attrelid) as hidden
       from pg_attribute where attrelid = to_regclass($1) and attname = $2 and not attisdropped`,
    [table, rowColumn],
  );
  if (rows[0] === undefined) throw new RewrapError(`There is no column ${rowColumn} in ${table}.`);
  if (flag(rowOf(rows[0]), "hidden"))
    throw new RewrapError(
      `Row-level security hides rows of ${table} from this role: use one that may see all of them (BYPASSRLS).`,
    );
  return text(rowOf(rows[0]), "type");
}
