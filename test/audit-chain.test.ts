/** The audit log on a real PostgreSQL: several processes, one chain; what a thief of the database can do to it, and what finds it. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { auditLines, aegisMigrations, migrate, PostgresAuditLogStore } from "aegis/stores/postgres";
import { derivedSigner, verifyChain } from "aegis/audit";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";
import { repository, run } from "./support/processes.ts";

const SECRET = "3pLr7vQ0xY2mZ9kW4bT6nJ8cH1sD5fGaEuOiRtVwXyA";
let server: TestPostgres;
let sql: pg.Pool;
let folder: string;
beforeAll(async () => {
  server = await startPostgres();
  sql = new pg.Pool({ connectionString: server.url, max: 5 });
  folder = mkdtempSync(join(tmpdir(), "aegis-audit-"));
  await migrate(sql, [aegisMigrations]);
});
afterAll(async () => {
  await sql?.end();
  await server?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

const record = () => ({
  id: randomUUID(),
  at: new Date(0).toISOString(),
  event: "mfa.disabled",
  outcome: "success" as const,
  request_id: "r",
  source: "",
});
const aegis = async (args: readonly string[], env: Record<string, string> = {}) => {
  const child = run(
    process.execPath,
    ["--conditions=source", join(repository, "packages/aegis-cli/src/main.ts"), "audit", ...args],
    { NO_COLOR: "1", DATABASE_URL: server.url, SECRET_KEY: SECRET, ...env },
    folder,
  );
  return { status: await child.ended(), text: child.output() };
};

describe("several processes that append at once", () => {
  it(
    "make one chain without a gap, also where one of them is killed and one is stopped with the lock in its hand",
    { timeout: 120_000 },
    async () => {
      const appender = (batches: number, name: string) =>
        run(process.execPath, [
          "--conditions=source",
          join(repository, "test/support/audit-appender.ts"),
          server.url,
          String(batches),
          name,
        ]);
      const killed = appender(100_000, "killed");
      const stopped = appender(100_000, "stopped");
      const others = [appender(180, "one"), appender(180, "two")];
      await Promise.all([killed, stopped, ...others].map((one) => one.until(/ready/)));
      await new Promise((resolve) => setTimeout(resolve, 300));
      killed.child.kill("SIGKILL");
      stopped.child.kill("SIGSTOP");
      expect(await Promise.all(others.map((one) => one.ended()))).toEqual([0, 0]);
      stopped.child.kill("SIGKILL");
      await Promise.all([killed.ended(), stopped.ended()]);
      const report = await verifyChain(auditLines(sql, 97), { keys: new Map() });
      expect(report.problems).toEqual([]);
      const { rows }: pg.QueryResult<{ name: string; total: string }> = await sql.query(
        "select split_part((record::jsonb) ->> 'request_id', '-', 1) as name, count(*) as total from aegis_audit group by 1",
      );
      const totals = new Map(rows.map(({ name, total }) => [name, Number(total)]));
      expect([totals.get("one"), totals.get("two")]).toEqual([360, 360]);
      expect((totals.get("killed") ?? 0) % 2).toBe(0); // whole batches
    },
  );
});

describe("the table", () => {
  it("takes entries and lets none be changed or removed, not even by its owner", async () => {
    await new PostgresAuditLogStore(sql).append([record()]);
    for (const statement of [
      "update aegis_audit set record = record",
      "delete from aegis_audit",
      "truncate aegis_audit",
      "truncate aegis_audit_heads",
      "delete from aegis_audit_heads",
      "delete from aegis_audit where false",
    ])
      await expect(sql.query(statement), statement).rejects.toMatchObject({ code: "42501" });
  });

  it("serves a role that may insert and select, and nothing more", async () => {
    await sql.query("create role appender login in role aegis_app");
    const pool = new pg.Pool({ connectionString: server.url.replace("hub@", "appender@"), max: 2 });
    const store = new PostgresAuditLogStore(pool);
    const { head } = await store.append([record()]);
    await store.addHead(derivedSigner(new Uint8Array(32)).sign(head, 0));
    expect((await store.page({ limit: 1 }))[0]?.hash).toBe(head.hash);
    for (const right of ["update", "delete", "truncate"])
      expect([
        right,
        (await sql.query("select has_table_privilege('appender', 'aegis_audit', $1) as may", [right])).rows,
      ]).toEqual([right, [{ may: false }]]);
    await expect(pool.query("alter table aegis_audit disable trigger all")).rejects.toMatchObject({
      code: "42501",
    });
    await expect(pool.query("drop table aegis_audit")).rejects.toMatchObject({ code: "42501" });
    await pool.end();
  });
});

describe("aegis audit", () => {
  const signer = derivedSigner(Buffer.from(SECRET, "base64url"));

  it(
    "takes the log out, holds it against its heads offline, and names what a thief of the database did",
    { timeout: 120_000 },
    async () => {
      const store = new PostgresAuditLogStore(sql);
      const { head } = await store.append(Array.from({ length: 20 }, record));
      const signed = signer.sign(head, Date.now());
      await store.addHead(signed);
      // As the log of a server has it, among other lines.
      writeFileSync(
        join(folder, "server.log"),
        `not json\n{"msg":"x"}\n${JSON.stringify({ level: 30, audit_head: signed, msg: "audit.head" })}\n`,
      );
      expect((await aegis(["export", "--out", "log.jsonl"])).status).toBe(0);
      const nowhere = { DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" };
      const whole = await aegis(["verify", "log.jsonl", "--heads", "server.log"], nowhere);
      expect([whole.status, whole.text]).toEqual([
        0,
        expect.stringMatching(/1 signed heads hold[\s\S]*whole/),
      ]);
      expect((await aegis(["verify", "--url"])).status).toBe(0);

      const lines = readFileSync(join(folder, "log.jsonl"), "utf8").trimEnd().split("\n");
      const entry = lines.findIndex((line) => line.includes(`"seq":${head.seq - 5}}`));
      const edit = (edited: readonly string[]) => {
        writeFileSync(join(folder, "edited.jsonl"), `${edited.join("\n")}\n`);
        return aegis(["verify", "edited.jsonl", "--heads", "server.log"], nowhere);
      };
      expect(
        await edit(lines.with(entry, (lines[entry] ?? "").replace("mfa.disabled", "mfa.enabled"))),
      ).toEqual({
        status: 1,
        text: expect.stringMatching(new RegExp(`^edited +${head.seq - 5} `)),
      });
      expect((await edit(lines.toSpliced(entry, 1))).text).toMatch(new RegExp(`^missing +${head.seq - 5} `));
      expect((await edit(lines.slice(0, entry))).text).toMatch(new RegExp(`^cut +${head.seq - 5} `));

      // In the database itself: the tail goes, with the heads that are there; one entry is edited.
      await sql.query(
        "alter table aegis_audit disable trigger all; alter table aegis_audit_heads disable trigger all",
      );
      await sql.query("delete from aegis_audit where seq > $1", [head.seq - 3]);
      await sql.query("delete from aegis_audit_heads");
      await sql.query("update aegis_audit set record = replace(record, 'success', 'failure') where seq = 2");
      await sql.query(
        "alter table aegis_audit enable trigger all; alter table aegis_audit_heads enable trigger all",
      );
      const cut = await aegis(["verify", "--url", "--heads", "server.log"]);
      expect(cut.status).toBe(1);
      expect(cut.text).toMatch(new RegExp(`edited +2 [\\s\\S]*cut +${head.seq - 2} `));
      const alone = await aegis(["verify", "--url"]);
      expect([alone.status, alone.text]).toEqual([1, expect.not.stringMatching(/cut/)]);
      const { knownHolds } = await store.append([record()], { known: head });
      expect(knownHolds).toBe(false);
    },
  );

  it("calls nothing whole that no signature speaks for", { timeout: 120_000 }, async () => {
    writeFileSync(join(folder, "empty.jsonl"), "");
    expect((await aegis(["verify", "empty.jsonl"])).status).toBe(2);
    expect((await aegis(["verify", "empty.jsonl", "--unsigned"])).status).toBe(0);
    expect((await aegis(["verify", "empty.jsonl"], { SECRET_KEY: "" })).text).toMatch(/no key to hold/);
    expect((await aegis(["verify"])).status).toBe(2);
    const key = await aegis(["key"]);
    expect(JSON.parse(key.text)).toEqual(signer.jwk);
    writeFileSync(join(folder, "key.json"), key.text);
    const withKey = await aegis(["verify", "empty.jsonl", "--key", "key.json", "--heads", "server.log"], {
      SECRET_KEY: "",
    });
    expect([withKey.status, withKey.text]).toEqual([1, expect.stringMatching(/^cut +1 /)]);
  });
});
