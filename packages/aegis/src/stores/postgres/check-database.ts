/**
 * Reads from the catalogue whether one tenant's rows are shut to another: the role that asks, and every table that has a
 * column tenant_id. Row-level security that is silently off, because the role owns the table or may pass it, is the usual
 * way it fails. References: ASVS 5.0 8.4.1, 13.2.2; requirement TEN-2.
 */
import type { SqlClient } from "./client.ts";
import { type Row, rowOf, text } from "./rows.ts";

export type DatabaseFindingKind =
  | "role_superuser"
  | "role_bypasses_rls"
  | "role_administers"
  | "role_owns"
  | "table_open"
  | "table_not_forced"
  | "policy_missing"
  | "policy_other"
  | "tenant_nullable"
  | "may_truncate"
  | "view_passes_rls"
  | "function_passes_rls";

export interface DatabaseFinding {
  readonly kind: DatabaseFindingKind;
  /** The role, table, view or function. */
  readonly subject: string;
  /** One sentence for a person: what is wrong, and what to do. */
  readonly message: string;
}

export interface DatabaseCheck {
  readonly role: string;
  /** Tables of tenants' rows. */
  readonly tables: readonly string[];
  readonly findings: readonly DatabaseFinding[];
}

/** Ours: read before it is known which tenant is worked in, always by account or by a hash. */
const OWN = "c.relname not like 'aegis\\_%'";
const SCHEMAS = "n.nspname !~ '^pg_' and n.nspname <> 'information_schema'";

/** What the role is itself, and what it may become by SET ROLE. */
const ROLES = `select r.rolname as name, r.rolsuper as super, r.rolbypassrls as bypass,
    r.rolcreaterole or r.rolreplication as administers
  from pg_roles r where pg_has_role(current_user, r.oid, 'MEMBER') and r.rolname !~ '^pg_(read|monitor|stat|checkpoint|signal)'
  order by r.rolname <> current_user, r.rolname`;

const OWNED = `select 'table ' || c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where ${SCHEMAS} and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and pg_has_role(current_user, c.relowner, 'MEMBER')
  union all select 'schema ' || n.nspname from pg_namespace n where ${SCHEMAS} and pg_has_role(current_user, n.nspowner, 'MEMBER')
    and n.nspname !~ '^pg_temp'
  union all select 'database ' || datname from pg_database where datname = current_database()
    and pg_has_role(current_user, datdba, 'MEMBER')
  union all select 'function ' || p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where ${SCHEMAS} and pg_has_role(current_user, p.proowner, 'MEMBER')
  order by name limit 20`;

export const TENANT_TABLES = `select c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) as name,
    c.relrowsecurity as enabled, c.relforcerowsecurity as forced, a.attnotnull as required,
    has_table_privilege(c.oid, 'TRUNCATE') as truncates
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
  where ${SCHEMAS} and ${OWN} and c.relkind in ('r', 'p') and a.attname = 'tenant_id' and not a.attisdropped
  order by name`;

/** Policies as PostgreSQL writes them: ours reads the transaction's tenant, for every command, both ways. */
const POLICIES = `select quote_ident(schemaname) || '.' || quote_ident(tablename) as name, policyname as policy,
    permissive = 'PERMISSIVE' as widens, cmd = 'ALL' and '{public}' = roles
      and qual = '(tenant_id = aegis_tenant())' and with_check = '(tenant_id = aegis_tenant())' as ours
  from pg_policies`;

/** A view without security_invoker, and a function that is SECURITY DEFINER, see with the eyes of whoever owns them. */
const VIEWS = `select distinct v.oid::regclass::text as name from pg_depend d join pg_rewrite w on w.oid = d.objid
    join pg_class v on v.oid = w.ev_class join pg_class c on c.oid = d.refobjid
    join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
  where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and v.oid <> c.oid
    and ${SCHEMAS} and ${OWN} and c.relkind in ('r', 'p', 'v') and a.attname = 'tenant_id'
    and has_table_privilege(v.oid, 'SELECT')
    and (v.relkind = 'm' or not coalesce('security_invoker=true' = any (v.reloptions) or 'security_invoker=on' = any (v.reloptions), false))
  order by name`;
const FUNCTIONS = `select p.oid::regprocedure::text as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    join pg_roles r on r.oid = p.proowner
  where ${SCHEMAS} and p.prosecdef and (r.rolsuper or r.rolbypassrls) and has_function_privilege(p.oid, 'EXECUTE')
  order by name`;

/** Everything that is wrong, for the role that this connection has; as the application's, in other words. */
export async function checkDatabase(sql: SqlClient): Promise<DatabaseCheck> {
  const all = async (query: string): Promise<readonly Row[]> => (await sql.query(query)).rows.map(rowOf);
  const findings: DatabaseFinding[] = [];
  const find = (kind: DatabaseFindingKind, subject: string, message: string): void =>
    void findings.push({ kind, subject, message });

  const role = text(rowOf((await sql.query("select current_user::text as name")).rows[0]), "name");
  for (const row of await all(ROLES)) {
    const name = text(row, "name");
    const who = name === role ? `The role ${name}` : `The role ${role} may become ${name}, which`;
    if (row["super"] === true)
      find(
        "role_superuser",
        name,
        `${who} is a superuser: nothing binds it. Log in as a role that is granted aegis_app.`,
      );
    else if (row["bypass"] === true)
      find(
        "role_bypasses_rls",
        name,
        `${who} passes row-level security. Take it away: alter role ${name} nobypassrls.`,
      );
    if (row["super"] !== true && row["administers"] === true)
      find(
        "role_administers",
        name,
        `${who} may make roles or replicate. Take it away: alter role ${name} nocreaterole noreplication.`,
      );
  }
  // A superuser has everything: what it owns, and may do to tables, says nothing more.
  const isSuper = findings.some(({ kind }) => kind === "role_superuser");
  if (!isSuper)
    for (const row of await all(OWNED))
      find(
        "role_owns",
        text(row, "name"),
        `The role ${role} owns ${text(row, "name")}: an owner can switch its protection off. Give it to the role that migrates.`,
      );

  const policies = await all(POLICIES);
  const tables = await all(TENANT_TABLES);
  for (const row of tables) {
    const name = text(row, "name");
    const shut = `Run: select aegis_protect_tenant_table('${name}').`;
    if (row["enabled"] !== true) find("table_open", name, `Row-level security is off on ${name}. ${shut}`);
    else if (row["forced"] !== true)
      find(
        "table_not_forced",
        name,
        `Row-level security on ${name} does not bind the table's owner (FORCE). ${shut}`,
      );
    const own = policies.filter((one) => one["name"] === name);
    if (!own.some((one) => one["ours"] === true))
      find(
        "policy_missing",
        name,
        `${name} has no policy that compares tenant_id with the transaction's tenant for every command. ${shut}`,
      );
    for (const one of own.filter(({ ours, widens }) => ours !== true && widens === true))
      find(
        "policy_other",
        `${name} ${text(one, "policy")}`,
        `The policy ${text(one, "policy")} on ${name} lets in what the tenant's policy does not. Drop it, or make it restrictive.`,
      );
    if (row["required"] !== true)
      find(
        "tenant_nullable",
        name,
        `${name}.tenant_id may be null: such a row is nobody's. Make it not null.`,
      );
    if (row["truncates"] === true && !isSuper)
      find(
        "may_truncate",
        name,
        `The role ${role} may truncate ${name}: row-level security has no say in that. Revoke it.`,
      );
  }
  for (const row of await all(VIEWS))
    find(
      "view_passes_rls",
      text(row, "name"),
      `The view ${text(row, "name")} shows rows as its owner sees them. Make it with (security_invoker = true); a materialized one cannot be shut.`,
    );
  for (const row of await all(FUNCTIONS))
    find(
      "function_passes_rls",
      text(row, "name"),
      `The function ${text(row, "name")} runs as an owner whom row-level security does not bind. Make it security invoker, or revoke it.`,
    );
  return { role, tables: tables.map((row) => text(row, "name")), findings };
}
