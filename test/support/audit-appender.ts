/** A process that appends to the audit log of a database: node --conditions=source audit-appender.ts URL BATCHES NAME. */
import { randomUUID } from "node:crypto";
import { PostgresAuditLogStore } from "aegis/stores/postgres";
import pg from "pg";

const [url = "", batches = "0", name = ""] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url, max: 3 });
const store = new PostgresAuditLogStore(pool);
const record = (n: number) => ({
  id: randomUUID(),
  at: new Date().toISOString(),
  event: "session.signed_in",
  outcome: "success" as const,
  request_id: `${name}-${n}`,
  source: "",
});
process.stdout.write("ready\n");
// One after the other, as the writer of a process does.
for (let n = 0; n < Number(batches); n++) await store.append([record(n), record(n)]);
await pool.end();
