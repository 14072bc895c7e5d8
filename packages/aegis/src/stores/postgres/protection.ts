import type { SqlClient } from "./client.ts";
import { optionalText, rowOf, text } from "./rows.ts";

export interface ServerExtension {
  readonly name: "pgcrypto" | "pgaudit";
  /** `missing`: the server does not bring it. `available`: it could be switched on. `installed`: it is, in this database. */
  readonly state: "missing" | "available" | "installed";
  readonly version: string | null;
  /** pgaudit: which classes of statements it writes; "none" writes nothing. Null where that cannot be told. */
  readonly logs: string | null;
}

/** What the server does for the data beyond what migrations can ask of any (requirement DAT-3). */
export async function serverProtection(sql: SqlClient): Promise<readonly ServerExtension[]> {
  const { rows } = await sql.query(
    `select wanted.name,
            case when e.extname is not null then 'installed' when a.name is not null then 'available'
                 else 'missing' end as state,
            coalesce(e.extversion, a.default_version) as version,
            case when wanted.name = 'pgaudit' then current_setting('pgaudit.log', true) end as logs
       from (values ('pgcrypto'), ('pgaudit')) as wanted (name)
       left join pg_extension e on e.extname = wanted.name
       left join pg_available_extensions a on a.name = wanted.name
      order by wanted.name desc`,
  );
  return rows.map((value) => {
    const row = rowOf(value);
    const [name, state] = [text(row, "name"), text(row, "state")];
    return {
      name: name === "pgaudit" ? "pgaudit" : "pgcrypto",
      state: state === "installed" || state === "available" ? state : "missing",
      version: optionalText(row, "version"),
      logs: optionalText(row, "logs"),
    };
  });
}
