import { lineOf } from "../../audit-chain/chain.ts";
import { headLine } from "../../audit-chain/verify.ts";
import type { AuditLine } from "../../audit-chain/store.ts";
import type { SqlClient } from "./client.ts";
import { headFrom } from "./audit-rows.ts";
import { count, rowOf, text } from "./rows.ts";

/** Entries behind a number as lines of an export: exactly what is there, whoever wrote it. */
export async function entryLines(
  sql: SqlClient,
  after: number,
  limit: number,
): Promise<readonly AuditLine[]> {
  const { rows } = await sql.query(
    "select seq, previous, hash, record from aegis_audit where seq > $1 order by seq limit $2",
    [after, limit],
  );
  return rows.map((value) => {
    const row = rowOf(value);
    const link = { seq: count(row, "seq"), previous: text(row, "previous"), hash: text(row, "hash") };
    return { seq: link.seq, line: lineOf(link, text(row, "record")) };
  });
}

/** The whole log as an export has it: each signed head behind its entry, also one whose entry is gone. */
export async function* auditLines(sql: SqlClient, batchSize = 1000): AsyncGenerator<string> {
  let after = 0;
  for (;;) {
    const entries = await entryLines(sql, after, batchSize);
    const isLast = entries.length < batchSize;
    const upTo = entries.at(-1)?.seq ?? after;
    const { rows } = await sql.query(
      "select * from aegis_audit_heads where seq > $1 and ($2::bigint is null or seq <= $2) order by seq, at",
      [after, isLast ? null : upTo],
    );
    const heads = rows.map((row) => headFrom(rowOf(row)));
    let next = 0;
    for (const { seq, line } of entries) {
      yield line;
      for (let head = heads[next]; head !== undefined && head.seq <= seq; head = heads[next]) {
        yield headLine(head);
        next += 1;
      }
    }
    for (const head of heads.slice(next)) yield headLine(head);
    if (isLast) return;
    after = upTo;
  }
}
