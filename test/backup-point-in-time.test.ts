/** A base and the log behind it, on a real PostgreSQL: back to the last transaction before a moment, and not one more. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backupDesk } from "./support/backup.ts";
import { freePort } from "./support/ports.ts";
import { binaries, owner, startPostgres, type TestPostgres } from "./support/postgres.ts";

const long = { timeout: 300_000 };
let server: TestPostgres;
let sql: pg.Pool;
let desk: ReturnType<typeof backupDesk>;
/** What PostgreSQL hands over lies here until `aegis backup wal` has taken it. */
let handed: string;
let id: string;
let between: string;
let atTheEnd: number;

const now = async (): Promise<string> => {
  const { rows }: pg.QueryResult<{ at: string }> = await sql.query(
    `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`,
  );
  return rows[0]?.at ?? "";
};
/** The segment that is being written is handed over, whole. */
async function switched(): Promise<void> {
  await sql.query("select pg_create_restore_point('there is something to hand over')");
  const { rows }: pg.QueryResult<{ name: string }> = await sql.query(
    "select pg_walfile_name(pg_switch_wal()) as name",
  );
  const name = rows[0]?.name ?? "";
  for (let tries = 0; tries < 300 && !existsSync(join(handed, name)); tries++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  if (!existsSync(join(handed, name)))
    throw new Error(`${name} was not handed over; ${readdirSync(handed).join(" ")}`);
  for (const one of readdirSync(handed).toSorted()) {
    if (existsSync(desk.at(`backups/wal/${one}.json`))) continue;
    const { status, text } = await desk.aegis(["wal", join(handed, one)]);
    expect([status, text]).toEqual([0, ""]);
  }
}
const insert = (name: string) => sql.query("insert into notes (name) values ($1)", [name]);

beforeAll(async () => {
  handed = mkdtempSync(join(tmpdir(), "aegis-wal-"));
  const { uid, gid } = owner();
  if (uid !== undefined && gid !== undefined) chownSync(handed, uid, gid);
  server = await startPostgres([
    "archive_mode=on",
    `archive_command=test ! -f ${handed}/%f && cp %p ${handed}/%f`,
  ]);
  sql = new pg.Pool({ connectionString: server.url, max: 5 });
  desk = backupDesk({ BACKUP_DATABASE_URL: server.url });
  await sql.query("create table notes (id bigint generated always as identity, name text)");
  await insert("before the base");
  id = await desk.created(["--base"]);
  await insert("after the base");
  await switched();
  // Every transaction is one row; the moment lies between two of them.
  for (let n = 0; n < 20; n++) await insert(`early ${n}`);
  await insert("the last before");
  between = await now();
  await insert("the first behind");
  await switched();
  await sql.query("truncate notes"); // what somebody would want to go back from
  await switched();
  atTheEnd = readdirSync(desk.at("backups/wal")).length;
}, 180_000);
afterAll(async () => {
  await sql?.end();
  await server?.close();
  desk?.close();
  rmSync(handed, { recursive: true, force: true });
});

/** Names in the table, once the restored server has opened. */
async function restored(data: string): Promise<readonly string[]> {
  const port = await freePort();
  let said = "";
  const child: ChildProcess = spawn(
    join(binaries(), "postgres"),
    [
      "-D",
      data,
      "-h",
      "127.0.0.1",
      "-p",
      String(port),
      "-k",
      "",
      "-c",
      "fsync=off",
      "-c",
      "archive_mode=off",
    ],
    { ...owner(), stdio: ["ignore", "ignore", "pipe"], cwd: data },
  );
  child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    for (let tries = 0; tries < 300 && child.exitCode === null; tries++) {
      const client = new pg.Client({ connectionString: `postgres://hub@127.0.0.1:${port}/postgres` });
      try {
        await client.connect();
        const open = await client.query("select pg_is_in_recovery() as reads");
        if (JSON.stringify(open.rows) === '[{"reads":false}]') {
          const { rows }: pg.QueryResult<{ name: string }> = await client.query(
            "select name from notes order by id",
          );
          return rows.map(({ name }) => name);
        }
      } catch {
        // Not yet.
      } finally {
        await client.end().catch(() => undefined);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`it did not open: ${said}`);
  } finally {
    child.kill("SIGQUIT");
    await ended;
  }
}

/** In a folder that PostgreSQL's user may go through. */
const cluster = (name: string): string => {
  const folder = mkdtempSync(join(tmpdir(), "aegis-cluster-"));
  execFileSync("chmod", ["755", folder]);
  return join(folder, name);
};

describe("a restore to a point in time", () => {
  it("has the last transaction before it, and none behind", long, async () => {
    const data = cluster("main");
    const { status, text } = await desk.aegis(["restore", id, "--cluster", data, "--until", between]);
    expect([status, text]).toEqual([0, expect.stringMatching(/cluster: .* segments of the log/)]);
    expect(statSync(data).mode & 0o777).toBe(0o700);
    const names = await restored(data);
    expect(names.at(-1)).toBe("the last before");
    expect(names).toEqual([
      "before the base",
      "after the base",
      ...Array.from({ length: 20 }, (_, n) => `early ${n}`),
      "the last before",
    ]);
    rmSync(join(data, ".."), { recursive: true });
  });

  it("goes to the end of the log where no moment is named", long, async () => {
    const data = cluster("main");
    expect((await desk.aegis(["restore", id, "--cluster", data])).status).toBe(0);
    expect(await restored(data)).toEqual([]);
    rmSync(join(data, ".."), { recursive: true });
  });

  it(
    "is refused, and nothing written, for a moment before the base, a folder in use, a dump",
    long,
    async () => {
      const data = cluster("main");
      const early = await desk.aegis(["restore", id, "--cluster", data, "--until", "2020-01-01T00:00:00Z"]);
      expect([early.status, early.text]).toEqual([2, expect.stringMatching(/cannot go back/)]);
      for (const until of ["yesterday", "2026-11-21 15:00"])
        expect((await desk.aegis(["restore", id, "--cluster", data, "--until", until])).text).toMatch(
          /is no time/,
        );
      const dump = await desk.created();
      expect((await desk.aegis(["restore", dump, "--cluster", data])).text).toMatch(/no part base/);
      expect(existsSync(data)).toBe(false);
      mkdirSync(data);
      writeFileSync(join(data, "PG_VERSION"), "15");
      expect((await desk.aegis(["restore", id, "--cluster", data])).text).toMatch(/is not empty/);
      expect(readdirSync(data)).toEqual(["PG_VERSION"]);
      rmSync(join(data, ".."), { recursive: true });
    },
  );
});

describe("the log", () => {
  const segments = (): string[] =>
    readdirSync(desk.at("backups/wal"))
      .filter((name) => /^[0-9A-F]{24}\.age$/.test(name))
      .toSorted();
  const refusal = async (): Promise<string> => {
    const data = cluster("main");
    const { status, text } = await desk.aegis(["restore", id, "--cluster", data]);
    expect([status, existsSync(data), existsSync(`${data}.wal`)]).toEqual([2, false, false]);
    rmSync(join(data, ".."), { recursive: true });
    return text;
  };

  it("is refused with a segment that is missing, changed, exchanged or another's", long, async () => {
    const path = (name: string) => desk.at(`backups/wal/${name}`);
    const last = segments().at(-1) ?? "";
    const middle = segments().at(-2) ?? "";
    for (const [name, touch, message] of [
      [middle, (bytes: Buffer) => bytes.fill(bytes.readUInt8(5000) ^ 1, 5000, 5001), /a part is not what/],
      [middle, (bytes: Buffer) => bytes.subarray(0, -1), /cut off/],
      [last, () => readFileSync(path(middle)), /a part/],
      [
        middle.replace(".age", ".json"),
        () => readFileSync(path(last.replace(".age", ".json"))),
        /another segment lies under the name/,
      ],
      [
        middle.replace(".age", ".json"),
        (bytes: Buffer) => Buffer.from(bytes.toString().replace(/"kid":"./, '"kid":"_')),
        /was not handed in|is not what was signed/,
      ],
    ] as const) {
      const before = readFileSync(path(name));
      writeFileSync(path(name), touch(Buffer.from(before)));
      expect(await refusal()).toMatch(message);
      writeFileSync(path(name), before);
    }
    for (const end of [".age", ".json"]) {
      const file = path(middle.replace(".age", end));
      const before = readFileSync(file);
      rmSync(file);
      expect(await refusal()).toMatch(end === ".json" ? /the log has a gap before the segment/ : /missing/);
      writeFileSync(file, before);
    }
  });

  it(
    "takes a segment again that is the same, as after a crash, and none other under its name",
    long,
    async () => {
      const [name = ""] = readdirSync(handed)
        .filter((one) => /^[0-9A-F]{24}$/.test(one))
        .toSorted();
      expect((await desk.aegis(["wal", join(handed, name)])).status).toBe(0);
      const other = desk.at(name);
      writeFileSync(other, "another");
      const { status, text } = await desk.aegis(["wal", other]);
      expect([status, text]).toEqual([2, expect.stringMatching(/Another segment is kept/)]);
      // Killed between the two renames: a file without its line is no segment, and is written anew.
      rmSync(desk.at(`backups/wal/${name}.json`));
      expect((await desk.aegis(["wal", join(handed, name)])).status).toBe(0);
      expect(readdirSync(desk.at("backups/wal"))).toHaveLength(atTheEnd);
      writeFileSync(desk.at("strange"), "");
      expect((await desk.aegis(["wal", desk.at("strange")])).text).toMatch(/no name of a segment/);
    },
  );

  it("is cut by prune where no base that is kept needs it", long, async () => {
    await switched();
    const second = await desk.created(["--base"]);
    await switched();
    const before = segments();
    writeFileSync(
      desk.at("one.json"),
      '{"backup":{"keepLatestCount":1,"keepDailyCount":0,"keepWeeklyCount":0,"keepMonthlyCount":0}}',
    );
    const { status, text } = await desk.aegis(["prune", "--policy", desk.at("one.json")]);
    expect([status, text]).toEqual([0, expect.stringMatching(/1 kept, [12] removed, [1-9]\d* segments/)]);
    expect(segments().length).toBeLessThan(before.length);
    expect(segments()).toEqual(before.slice(before.length - segments().length));
    id = second;
    const data = cluster("main");
    expect((await desk.aegis(["restore", second, "--cluster", data])).status).toBe(0);
    expect(await restored(data)).toEqual([]);
    rmSync(join(data, ".."), { recursive: true });
  });
});
