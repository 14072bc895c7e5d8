/** What the audit log and an encrypted column cost: a request that tells of something, and the database. */
import { randomUUID } from "node:crypto";
import { derivedDataKeys, encryptedColumn, newDataKeyRing, openDataKeys, systemRandom } from "aegis";
import { derivedSigner } from "aegis/audit";
import { memoryStores } from "aegis/fastify";
import { aegisMigrations, migrate, PostgresAuditLogStore } from "aegis/stores/postgres";
import pg from "pg";
import { auditWriter } from "../../packages/aegis/src/audit-chain/writer.ts";
import type { AuditLogStore } from "../../packages/aegis/src/audit-chain/store.ts";
import { type BenchCase, timeOf } from "../measure.ts";
import { startPostgres } from "../../test/support/postgres.ts";

const record = () => ({
  id: randomUUID(),
  at: "2027-01-15T08:00:00.000Z",
  event: "session.signed_in",
  outcome: "success" as const,
  request_id: randomUUID(),
  source: "0123456789abcdef",
  user_id: randomUUID(),
  facts: { methods: "password" },
});

const writerOn = (store: AuditLogStore) =>
  auditWriter({
    store,
    queueLimit: 1_000_000,
    signEverySeconds: 60,
    signer: derivedSigner(new Uint8Array(32)),
    clock: { now: () => Date.now() },
    lostRecord: record,
    onTrouble: () => undefined,
    onHead: () => undefined,
    onBroken: () => undefined,
  });

async function onPostgres(): Promise<readonly (readonly [string, string])[]> {
  const server = await startPostgres();
  const pool = new pg.Pool({ connectionString: server.url, max: 5 });
  try {
    await migrate(pool, [aegisMigrations]);
    const writer = writerOn(new PostgresAuditLogStore(pool));
    const written = () => new Promise<boolean>((resolve) => writer.add(record(), resolve));
    await written();
    const alone = await timeOf(written);
    const EVENTS = 20_000;
    const [start, cpu] = [performance.now(), process.threadCpuUsage()];
    for (let n = 0; n < EVENTS; n++) writer.add(record());
    await writer.settled();
    const { user, system } = process.threadCpuUsage(cpu);
    const perSecond = Math.round((EVENTS / (performance.now() - start)) * 1000);
    return [
      ["an entry waited for (audit.onFailure: refuse), alone", alone],
      ["entries a second, one process", perSecond.toLocaleString("en")],
      ["processor time of ours for each, PostgreSQL's apart", `${((user + system) / EVENTS).toFixed(1)} us`],
    ];
  } finally {
    await pool.end();
    await server.close();
  }
}

export default {
  title: "Audit log and encrypted columns",
  run: async () => {
    const writer = writerOn(memoryStores().auditLog);
    const column = encryptedColumn(
      { table: "t", column: "c" },
      derivedDataKeys([new Uint8Array(32)]),
      systemRandom,
    );
    const searched = encryptedColumn(
      { table: "t", column: "c" },
      openDataKeys(newDataKeyRing(systemRandom, 0)),
      systemRandom,
    );
    const place = { row: randomUUID(), tenant: randomUUID() };
    const sealed = column.seal("Likes ships, and long walks by the harbour.", place);
    return [
      [
        "to hand an event to the writer (in the way of the request)",
        await timeOf(() => writer.add(record())),
      ],
      ...(await onPostgres()),
      ["to seal a column's value", await timeOf(() => column.seal("Likes ships.", place))],
      ["to open it", await timeOf(() => column.open(sealed, place))],
      ["to rewrap it", await timeOf(() => column.rewrap(sealed, place))],
      ["its blind index", await timeOf(() => searched.blindIndex("ada@example.com", place.tenant))],
    ];
  },
} satisfies BenchCase;
