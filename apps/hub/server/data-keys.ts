import type { DataKeys } from "aegis";
import { rewrapColumn, sealedAccountColumns, type SqlClient } from "aegis/stores/postgres";

/** Seals what was written before columns were: an index finds it, and from the second start on there is none. */
export async function sealWhatIsPlain(sql: SqlClient, keys: DataKeys): Promise<void> {
  for (const target of sealedAccountColumns) await rewrapColumn(sql, target, keys, { sealPlain: true });
}
