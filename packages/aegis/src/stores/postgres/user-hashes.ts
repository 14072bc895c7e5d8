/**
 * Hashes that other systems made and nobody has replaced by signing in. Threat: they are weaker than the policy's, and
 * lie in every dump and backup for as long as their owners stay away. Reference: OWASP Password Storage, "Upgrading
 * Legacy Hashes"; requirement PWD-5.
 */
import type { AuditRecord } from "../../audit-chain/chain.ts";
import { appendWithin } from "./audit-store.ts";
import type { SqlClient } from "./client.ts";
import { at, count, rowOf, text } from "./rows.ts";

/** How each hash begins; the pepper stands before Argon2id. */
const KIND = `case when password_hash ~ '^(pepper:[^:]*:)?\\$argon2id\\$' then 'argon2id'
  when password_hash ~ '^\\$2[aby]\\$' then 'bcrypt' when password_hash like 'scrypt:%' then 'scrypt'
  when password_hash like 'pbkdf2:%' then 'pbkdf2' else 'other' end`;

/** Accounts by the kind of their hash. */
export async function countHashKinds(sql: SqlClient): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql.query(
    `select ${KIND} as kind, count(*) as total from aegis_accounts group by 1 order by 1`,
  );
  return new Map(rows.map(rowOf).map((row) => [text(row, "kind"), count(row, "total")]));
}

export interface RetireOptions {
  /** Only hashes that were written before this time, in milliseconds since the Unix epoch. */
  readonly before: number;
  /** What stands there instead: fitted by no password. */
  readonly hashOfNothing: () => string;
  readonly record: (accountId: string, facts: Readonly<Record<string, string>>) => AuditRecord | undefined;
}

const BATCH = 200;

/** Takes the hashes of other systems away; their owners ask for a new password. How many; may be killed and run again. */
export async function retireForeignHashes(sql: SqlClient, options: RetireOptions): Promise<number> {
  for (let done = 0; ;) {
    await sql.query("begin isolation level read committed");
    try {
      // Who signs in at this moment has a new hash: their row is waited for, and looked at again.
      const { rows } = await sql.query(
        `select id::text as id, ${KIND} as kind from aegis_accounts
          where ${KIND} <> 'argon2id' and password_changed_at < $1 limit ${BATCH} for no key update`,
        [at(options.before)],
      );
      const records: AuditRecord[] = [];
      for (const row of rows.map(rowOf)) {
        const [id, hash] = [text(row, "id"), text(row, "kind")];
        await sql.query("update aegis_accounts set password_hash = $2 where id = $1", [
          id,
          options.hashOfNothing(),
        ]);
        const told = options.record(id, { hash });
        if (told !== undefined) records.push(told);
      }
      await appendWithin(sql, records);
      await sql.query("commit");
      done += rows.length;
      // Of a batch that waited for somebody fewer may be left than there are.
      if (rows.length === 0) return done;
    } catch (error) {
      await sql.query("rollback");
      throw error;
    }
  }
}
