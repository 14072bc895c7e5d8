import type { TenantRole } from "../../request.ts";
import {
  type Accepted,
  type Invitation,
  type Joined,
  type Member,
  type MemberChange,
  type Membership,
  MOST_INVITATIONS,
  MOST_MEMBERSHIPS,
  type Page,
  type TenancyStore,
  type Tenant,
  type TenantChanges,
} from "../../tenancy/store.ts";
import { withAccountLocked, withTenantLocked } from "./account-lock.ts";
import type { SqlClient, SqlPool } from "./client.ts";
import { at, count, optionalAt, rowOf, text, time, word } from "./rows.ts";
import { invitationFrom, membershipFrom, ROLES, tenantFrom } from "./tenancy-rows.ts";

const MEMBERSHIP =
  "select t.*, m.role, m.joined_at from aegis_memberships m join aegis_tenants t on t.id = m.tenant_id";

/** Tenants in PostgreSQL. Whatever looks first and writes then does so under the lock of its tenant. */
export class PostgresTenancyStore implements TenancyStore {
  readonly #sql: SqlPool;

  constructor(sql: SqlPool) {
    this.#sql = sql;
  }

  create(tenant: Tenant, owner: string | undefined, ownedLimit: number) {
    if (owner === undefined) return insertTenant(this.#sql, tenant);
    // Under the account's lock: parallel ones would not count each other.
    return withAccountLocked(this.#sql, owner, async (sql) => {
      const { rows } = await sql.query(
        "select count(*) as total from aegis_memberships where account_id = $1 and role = 'owner'",
        [owner],
      );
      if (count(rowOf(rows[0]), "total") >= ownedLimit) return "full";
      const made = await insertTenant(sql, tenant);
      if (made === "created")
        await insertMember(sql, tenant.id, { accountId: owner, role: "owner", joinedAt: tenant.createdAt });
      return made;
    });
  }

  async find(id: string): Promise<Tenant | undefined> {
    const { rows } = await this.#sql.query("select * from aegis_tenants where id = $1", [id]);
    return rows[0] === undefined ? undefined : tenantFrom(rowOf(rows[0]));
  }

  async findByKey(key: string): Promise<Tenant | undefined> {
    const { rows } = await this.#sql.query("select * from aegis_tenants where key = $1", [key]);
    return rows[0] === undefined ? undefined : tenantFrom(rowOf(rows[0]));
  }

  async change(id: string, changes: TenantChanges) {
    const { name, key, openRegistration, disabledAt } = changes;
    try {
      const { rowCount } = await this.#sql.query(
        `update aegis_tenants set name = coalesce($2, name), key = coalesce($3, key),
           open_registration = coalesce($4, open_registration),
           disabled_at = case when $5 then $6::timestamptz else disabled_at end
          where id = $1`,
        [
          id,
          name ?? null,
          key ?? null,
          openRegistration ?? null,
          disabledAt !== undefined,
          optionalAt(disabledAt ?? null),
        ],
      );
      return rowCount === 1 ? "changed" : "missing";
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "23505") return "taken";
      throw error;
    }
  }

  async list(query: string, { limit, offset }: Page) {
    if (query.includes("\0")) return { items: [], total: 0 }; // no text of PostgreSQL has it, and it says so by an error
    const like = `%${query.toLowerCase().replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
    const { rows } = await this.#sql.query(
      `select t.*, (select count(*) from aegis_memberships m where m.tenant_id = t.id) as members
         from aegis_tenants t where key like $1 order by key collate "C" limit $2 offset $3`,
      [like, limit, offset],
    );
    const total = await this.#sql.query("select count(*) as total from aegis_tenants where key like $1", [
      like,
    ]);
    const items = rows.map(rowOf).map((row) => ({ ...tenantFrom(row), members: count(row, "members") }));
    return { items, total: count(rowOf(total.rows[0]), "total") };
  }

  async membership(accountId: string, tenantId: string): Promise<Membership | undefined> {
    const { rows } = await this.#sql.query(`${MEMBERSHIP} where m.tenant_id = $1 and m.account_id = $2`, [
      tenantId,
      accountId,
    ]);
    return rows[0] === undefined ? undefined : membershipFrom(rowOf(rows[0]));
  }

  async memberships(accountId: string): Promise<readonly Membership[]> {
    const { rows } = await this.#sql.query(
      `${MEMBERSHIP} where m.account_id = $1
        order by m.entered_at desc nulls last, m.joined_at, t.id limit $2`,
      [accountId, MOST_MEMBERSHIPS],
    );
    return rows.map((row) => membershipFrom(rowOf(row)));
  }

  async entered(accountId: string, tenantId: string, now: number): Promise<void> {
    await this.#sql.query(
      "update aegis_memberships set entered_at = $3 where tenant_id = $1 and account_id = $2",
      [tenantId, accountId, at(now)],
    );
  }

  async members(tenantId: string, { limit, offset }: Page) {
    const { rows } = await this.#sql.query(
      `select account_id, role, joined_at from aegis_memberships where tenant_id = $1
        order by joined_at, account_id limit $2 offset $3`,
      [tenantId, limit, offset],
    );
    const items = rows.map(rowOf).map((row) => ({
      accountId: text(row, "account_id"),
      role: word(row, "role", ROLES),
      joinedAt: time(row, "joined_at"),
    }));
    return { items, total: await countMembers(this.#sql, tenantId) };
  }

  join(tenantId: string, member: Member, limit: number): Promise<Joined> {
    return withTenantLocked(this.#sql, tenantId, (sql) => join(sql, tenantId, member, limit));
  }

  setRole(tenantId: string, accountId: string, role: TenantRole, mayTouchOwners: boolean) {
    return withTenantLocked(this.#sql, tenantId, async (sql) => {
      const verdict = await mayChange(sql, tenantId, accountId, role, mayTouchOwners);
      if (verdict === "changed")
        await sql.query("update aegis_memberships set role = $3 where tenant_id = $1 and account_id = $2", [
          tenantId,
          accountId,
          role,
        ]);
      return verdict;
    });
  }

  remove(tenantId: string, accountId: string, mayTouchOwners: boolean) {
    return withTenantLocked(this.#sql, tenantId, async (sql) => {
      const verdict = await mayChange(sql, tenantId, accountId, undefined, mayTouchOwners);
      if (verdict === "changed")
        await sql.query("delete from aegis_memberships where tenant_id = $1 and account_id = $2", [
          tenantId,
          accountId,
        ]);
      return verdict;
    });
  }

  invite(invitation: Invitation, limit: number) {
    const { id, tenantId, email, emailKey, role, invitedBy, createdAt, expiresAt } = invitation;
    return withTenantLocked(this.#sql, tenantId, async (sql) => {
      const { rows } = await sql.query(
        `select count(*) as total from aegis_tenant_invitations
          where tenant_id = $1 and expires_at > $2 and email_key <> $3`,
        [tenantId, at(createdAt), emailKey],
      );
      if (count(rowOf(rows[0]), "total") >= limit) return "full";
      await sql.query("delete from aegis_tenant_invitations where tenant_id = $1 and email_key = $2", [
        tenantId,
        emailKey,
      ]);
      await sql.query(
        `insert into aegis_tenant_invitations
           (id, tenant_id, email, email_key, role, invited_by, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [id, tenantId, email, emailKey, role, invitedBy, at(createdAt), at(expiresAt)],
      );
      return "invited";
    });
  }

  async invitations(tenantId: string, now: number): Promise<readonly Invitation[]> {
    const { rows } = await this.#sql.query(
      `select * from aegis_tenant_invitations where tenant_id = $1 and expires_at > $2
        order by created_at desc, id limit $3`,
      [tenantId, at(now), MOST_INVITATIONS],
    );
    return rows.map((row) => invitationFrom(rowOf(row)));
  }

  findInvitation(id: string, now: number): Promise<Invitation | undefined> {
    return liveInvitation(this.#sql, id, now);
  }

  async accept(id: string, accountId: string, now: number, membersLimit: number): Promise<Accepted> {
    const found = await this.findInvitation(id, now);
    if (found === undefined) return { outcome: "gone" };
    return withTenantLocked(this.#sql, found.tenantId, async (sql) => {
      // Again, under the lock: of parallel calls the first has used it up.
      const invitation = await liveInvitation(sql, id, now);
      if (invitation === undefined) return { outcome: "gone" };
      const { tenantId, role } = invitation;
      const outcome = await join(sql, tenantId, { accountId, role, joinedAt: now }, membersLimit);
      if (outcome === "full") return { outcome };
      await sql.query("delete from aegis_tenant_invitations where id = $1", [id]);
      return { outcome, tenantId, role: (await roleOf(sql, tenantId, accountId)) ?? role };
    });
  }

  async withdraw(tenantId: string, id: string): Promise<boolean> {
    const { rowCount } = await this.#sql.query(
      "delete from aegis_tenant_invitations where id = $1 and tenant_id = $2",
      [id, tenantId],
    );
    return rowCount === 1;
  }

  async removeExpired(now: number): Promise<number> {
    const { rowCount } = await this.#sql.query(
      "delete from aegis_tenant_invitations where expires_at <= $1",
      [at(now)],
    );
    return rowCount ?? 0;
  }
}

async function insertTenant(sql: SqlClient, tenant: Tenant): Promise<"created" | "taken"> {
  const { id, name, key, openRegistration, disabledAt, createdAt } = tenant;
  const { rowCount } = await sql.query(
    `insert into aegis_tenants (id, name, key, open_registration, disabled_at, created_at)
     values ($1, $2, $3, $4, $5, $6) on conflict (key) do nothing`,
    [id, name, key, openRegistration, optionalAt(disabledAt), at(createdAt)],
  );
  return rowCount === 1 ? "created" : "taken";
}

export async function insertMember(sql: SqlClient, tenantId: string, member: Member): Promise<void> {
  await sql.query(
    "insert into aegis_memberships (tenant_id, account_id, role, joined_at) values ($1, $2, $3, $4)",
    [tenantId, member.accountId, member.role, at(member.joinedAt)],
  );
}

async function roleOf(sql: SqlClient, tenantId: string, accountId: string): Promise<TenantRole | undefined> {
  const { rows } = await sql.query(
    "select role from aegis_memberships where tenant_id = $1 and account_id = $2",
    [tenantId, accountId],
  );
  return rows[0] === undefined ? undefined : word(rowOf(rows[0]), "role", ROLES);
}

export async function countMembers(sql: SqlClient, tenantId: string, role?: TenantRole): Promise<number> {
  const { rows } = await sql.query(
    "select count(*) as total from aegis_memberships where tenant_id = $1 and ($2::text is null or role = $2)",
    [tenantId, role ?? null],
  );
  return count(rowOf(rows[0]), "total");
}

async function join(sql: SqlClient, tenantId: string, member: Member, limit: number): Promise<Joined> {
  if ((await roleOf(sql, tenantId, member.accountId)) !== undefined) return "member";
  const there = await sql.query("select 1 from aegis_tenants where id = $1", [tenantId]);
  if (there.rows.length === 0 || (await countMembers(sql, tenantId)) >= limit) return "full";
  await insertMember(sql, tenantId, member);
  return "joined";
}

async function mayChange(
  sql: SqlClient,
  tenantId: string,
  accountId: string,
  role: TenantRole | undefined,
  mayTouchOwners: boolean,
): Promise<MemberChange> {
  const before = await roleOf(sql, tenantId, accountId);
  if (before === undefined) return "missing";
  if (before !== "owner" || role === "owner") return "changed";
  if (!mayTouchOwners) return "owner";
  return (await countMembers(sql, tenantId, "owner")) > 1 ? "changed" : "last_owner";
}

async function liveInvitation(sql: SqlClient, id: string, now: number): Promise<Invitation | undefined> {
  const { rows } = await sql.query(
    "select * from aegis_tenant_invitations where id = $1 and expires_at > $2",
    [id, at(now)],
  );
  return rows[0] === undefined ? undefined : invitationFrom(rowOf(rows[0]));
}
