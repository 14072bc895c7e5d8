import {
  type AuditRecord,
  type ChainHead,
  type FoundEntry,
  GENESIS,
  linked,
} from "../../audit-chain/chain.ts";
import type { SignedHead } from "../../audit-chain/heads.ts";
import type {
  AppendOptions,
  Appended,
  AuditLine,
  AuditLogStore,
  AuditQuery,
} from "../../audit-chain/store.ts";
import { canonical } from "../../lib/canonical.ts";
import type { SqlClient, SqlPool } from "./client.ts";
import { entryLines } from "./audit-lines.ts";
import { entryFrom, headFrom } from "./audit-rows.ts";
import { count, flag, rowOf, text } from "./rows.ts";

/** Whoever appends has this lock until the end of the transaction: numbers have no gaps, and no two follow one. */
const LOCK = 4_713_294_019;
/** A process that was stopped with the lock in its hand must not stop all the others: its session is ended. */
const BEGIN = `begin isolation level read committed;
  set local idle_in_transaction_session_timeout = '2s'; set local lock_timeout = '5s';
  select pg_advisory_xact_lock(${LOCK})`;

/** The audit log in PostgreSQL. */
export class PostgresAuditLogStore implements AuditLogStore {
  readonly #sql: SqlPool;

  constructor(sql: SqlPool) {
    this.#sql = sql;
  }

  async append(records: readonly AuditRecord[], options: AppendOptions = {}): Promise<Appended> {
    const sql = await this.#sql.connect();
    let broken = true;
    try {
      await sql.query(BEGIN);
      try {
        const appended = await appendLocked(sql, records, options);
        await sql.query("commit");
        broken = false;
        return appended;
      } catch (error) {
        await sql.query("rollback");
        broken = false;
        throw error;
      }
    } finally {
      sql.release(broken);
    }
  }

  head(): Promise<ChainHead> {
    return headOf(this.#sql);
  }

  async page(query: AuditQuery): Promise<readonly FoundEntry[]> {
    const conditions: string[] = [];
    const values: unknown[] = [];
    const where = (condition: (place: string) => string, value: unknown): void => {
      if (value === undefined) return;
      values.push(value);
      // aegis-ignore sql-injection until 2027-11-20: every condition is written down below, and is given the name of a parameter
      conditions.push(condition(`$${values.length}`));
    };
    const { event } = query;
    where((at) => `seq < ${at}::bigint`, query.before);
    if (event?.endsWith(".") === true) {
      where((at) => `event >= ${at}`, event);
      where((at) => `event < ${at}`, `${event.slice(0, -1)}/`); // "/" is what follows "."
    } else where((at) => `event = ${at}`, event);
    where((at) => `outcome = ${at}`, query.outcome);
    where((at) => `user_id = ${at}`, query.userId);
    where((at) => `source = ${at}`, query.source);
    where((at) => `at >= ${at}`, query.since);
    where((at) => `at < ${at}`, query.until);
    values.push(query.limit);
    const { rows } = await this.#sql.query(
      `select seq, previous, hash, record from aegis_audit
        ${conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`}
        order by seq desc limit $${values.length}`,
      values,
    );
    return rows.map((row) => entryFrom(rowOf(row)));
  }

  lines(after: number, limit: number): Promise<readonly AuditLine[]> {
    return entryLines(this.#sql, after, limit);
  }

  async addHead(head: SignedHead): Promise<void> {
    await this.#sql.query(
      `insert into aegis_audit_heads (seq, hash, at, kid, signature) values ($1, $2, $3, $4, $5)
       on conflict do nothing`,
      [head.seq, head.hash, head.at, head.kid, head.signature],
    );
  }

  async heads(after: number, limit: number): Promise<readonly SignedHead[]> {
    const { rows } = await this.#sql.query(
      "select * from aegis_audit_heads where seq > $1 order by seq, at limit $2",
      [after, limit],
    );
    return rows.map((row) => headFrom(rowOf(row)));
  }

  async lastHead(): Promise<SignedHead | undefined> {
    const { rows } = await this.#sql.query(
      "select * from aegis_audit_heads order by seq desc, at desc limit 1",
    );
    return rows[0] === undefined ? undefined : headFrom(rowOf(rows[0]));
  }
}

/** Within a transaction of the caller's, at its end: others that append wait until it is over. */
export async function appendWithin(sql: SqlClient, records: readonly AuditRecord[]): Promise<void> {
  if (records.length === 0) return;
  await sql.query(`select pg_advisory_xact_lock(${LOCK})`);
  await appendLocked(sql, records, {});
}

/** Under the lock: what is last stays so until we have committed. */
async function appendLocked(
  sql: SqlClient,
  records: readonly AuditRecord[],
  { known, again }: AppendOptions,
): Promise<Appended> {
  const { rows } = await sql.query(
    `select coalesce((select max(seq) from aegis_audit), 0) as seq,
            coalesce((select hash from aegis_audit order by seq desc limit 1), $3) as hash,
            ($1::bigint = 0 or exists (select 1 from aegis_audit where seq = $1 and hash = $2)) as holds`,
    [known?.seq ?? 0, known?.hash ?? "", GENESIS.hash],
  );
  const row = rowOf(rows[0]);
  const last = { seq: count(row, "seq"), hash: text(row, "hash") };
  const there = again === true ? await idsAmong(sql, records) : undefined;
  const entries = linked(
    last,
    records.filter(({ id }) => there?.has(id) !== true),
  );
  if (entries.length > 0)
    await sql.query(
      `insert into aegis_audit (seq, id, previous, hash, record)
       select * from unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[])`,
      [
        entries.map(({ seq }) => seq),
        entries.map(({ record }) => record.id),
        entries.map(({ previous }) => previous),
        entries.map(({ hash }) => hash),
        entries.map(({ record }) => canonical(record)),
      ],
    );
  const { seq, hash } = entries.at(-1) ?? last;
  return { head: { seq, hash }, knownHolds: flag(row, "holds") };
}

async function idsAmong(sql: SqlClient, records: readonly AuditRecord[]): Promise<ReadonlySet<string>> {
  const { rows } = await sql.query("select id::text as id from aegis_audit where id = any ($1::uuid[])", [
    records.map(({ id }) => id),
  ]);
  return new Set(rows.map((row) => text(rowOf(row), "id")));
}

async function headOf(sql: SqlClient): Promise<ChainHead> {
  const { rows } = await sql.query("select seq, hash from aegis_audit order by seq desc limit 1");
  if (rows[0] === undefined) return GENESIS;
  return { seq: count(rowOf(rows[0]), "seq"), hash: text(rowOf(rows[0]), "hash") };
}
