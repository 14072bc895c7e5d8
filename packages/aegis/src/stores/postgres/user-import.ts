/**
 * People of another system into the accounts of this one: a batch is one transaction with its memberships and its audit
 * entries, so that whoever is killed leaves whole batches, and the next run finds who is there.
 */
import { nameKey } from "../../account/store.ts";
import type { AuditRecord } from "../../audit-chain/chain.ts";
import type { DataKeys } from "../../crypto/data-keys.ts";
import { SEALED_PREFIX } from "../../crypto/column.ts";
import { SealError } from "../../crypto/sealer.ts";
import type { TenantRole } from "../../request.ts";
import { tenantKey } from "../../tenancy/name.ts";
import type { NewPerson, Standing, UserImportStore } from "../../user-import/store.ts";
import { accountSealer, sealedAccountColumns } from "../sealed/account-store.ts";
import { insertAccount, isLoginTaken } from "./account-store.ts";
import { appendWithin } from "./audit-store.ts";
import type { SqlClient } from "./client.ts";
import { optionalText, rowOf, text } from "./rows.ts";
import { tenantFrom } from "./tenancy-rows.ts";
import { countMembers, insertMember } from "./tenancy-store.ts";

export interface PostgresUserImportOptions {
  /** Seals the words that `sealedAccounts` seals; undefined where the application does not. */
  readonly dataKeys?: DataKeys;
  /** Everybody who is new joins it. */
  readonly tenant?: { readonly id: string; readonly role: TenantRole; readonly membersLimit: number };
  /** The audit entry of each; undefined: none. */
  readonly record: (accountId: string, facts: NewPerson["facts"], now: number) => AuditRecord | undefined;
  readonly now: () => number;
}

/** Somebody may register between the look and the write; so often in a row nobody does by accident. */
const MOST_TRIES = 5;

/** `sql`: one connection, of the application's role. */
export function postgresUserImport(sql: SqlClient, options: PostgresUserImportOptions): UserImportStore {
  const { tenant, record, now } = options;
  const seal = options.dataKeys === undefined ? undefined : accountSealer(options.dataKeys).sealed;
  /** Places that a run which only looks has given away already. */
  let promised = 0;

  const roomIn = async (): Promise<number> =>
    tenant === undefined
      ? Number.POSITIVE_INFINITY
      : tenant.membersLimit - (await countMembers(sql, tenant.id)) - promised;

  const write = async (people: readonly NewPerson[]): Promise<readonly Standing[]> => {
    if (tenant !== undefined)
      await sql.query("select 1 from aegis_tenants where id = $1 for no key update", [tenant.id]);
    const standings = await standingsOf(sql, people, await roomIn());
    const at = now();
    const records: AuditRecord[] = [];
    for (const [index, { account, linkEmail, facts }] of people.entries()) {
      if (standings[index] !== "new") continue;
      await insertAccount(sql, seal === undefined ? account : { ...account, ...seal(account) }, linkEmail);
      if (tenant !== undefined)
        await insertMember(sql, tenant.id, { accountId: account.id, role: tenant.role, joinedAt: at });
      const told = record(account.id, facts, at);
      if (told !== undefined) records.push(told);
    }
    await appendWithin(sql, records);
    return standings;
  };

  return {
    async look(people) {
      const standings = await standingsOf(sql, people, await roomIn());
      if (tenant !== undefined) promised += standings.filter((one) => one === "new").length;
      return standings;
    },
    async add(people) {
      for (let tries = 1; ; tries++) {
        await sql.query("begin isolation level read committed");
        try {
          const standings = await write(people);
          await sql.query("commit");
          return standings;
        } catch (error) {
          await sql.query("rollback");
          if (!isLoginTaken(error) || tries >= MOST_TRIES) throw error;
        }
      }
    },
  };
}

async function standingsOf(
  sql: SqlClient,
  people: readonly NewPerson[],
  room: number,
): Promise<readonly Standing[]> {
  const keys = people.flatMap(({ account, linkEmail }) => [
    nameKey(account.username),
    ...(account.email === null || !linkEmail ? [] : [nameKey(account.email)]),
  ]);
  const { rows } = await sql.query(
    `select l.key, a.email from aegis_logins l join aegis_accounts a on a.id = l.account_id
      where l.key = any ($1::text[])`,
    [keys],
  );
  const taken = new Map(rows.map(rowOf).map((row) => [text(row, "key"), optionalText(row, "email")]));
  let left = room;
  return people.map(({ account, linkEmail }): Standing => {
    const { email } = account;
    const name = nameKey(account.username);
    if (taken.has(name)) {
      const theirs = taken.get(name) ?? null;
      return (theirs === null ? null : nameKey(theirs)) === (email === null ? null : nameKey(email))
        ? "there"
        : "username";
    }
    if (email !== null && linkEmail && taken.has(nameKey(email))) return "email";
    return left-- > 0 ? "new" : "full";
  });
}

/** The tenant of that name; undefined where there is none, or it is closed. */
export async function findImportTenant(sql: SqlClient, name: string): Promise<string | undefined> {
  const { rows } = await sql.query("select * from aegis_tenants where key = $1", [tenantKey(name)]);
  const tenant = rows[0] === undefined ? undefined : tenantFrom(rowOf(rows[0]));
  return tenant === undefined || tenant.disabledAt !== null ? undefined : tenant.id;
}

/**
 * How the words of those who are there lie in the database, by one of them: what is written beside them must be readable
 * by the same application. "other": sealed under keys that are not these.
 */
export async function accountWordsAre(
  sql: SqlClient,
  keys: DataKeys | undefined,
): Promise<"empty" | "plain" | "sealed" | "other"> {
  const [{ column }] = sealedAccountColumns;
  const { rows } = await sql.query(
    `select id::text as id, ${column} as word from aegis_accounts where ${column} <> ''
      order by created_at desc limit 1`,
  );
  if (rows[0] === undefined) return "empty";
  const row = rowOf(rows[0]);
  const word = text(row, "word");
  if (!word.startsWith(SEALED_PREFIX)) return "plain";
  if (keys === undefined) return "sealed";
  try {
    accountSealer(keys).openedName(text(row, "id"), word);
    return "sealed";
  } catch (error) {
    if (error instanceof SealError) return "other";
    throw error;
  }
}
