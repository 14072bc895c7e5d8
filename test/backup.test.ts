/** Backups of a real PostgreSQL: made, tried, got back; and what was done to one, which is refused before anything is touched. */
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newKeyRing } from "aegis";
import { parseIdentities, parseRecipients } from "aegis/backup";
import { isEmptyDatabase, restoreProgram } from "aegis/stores/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { feed } from "../packages/aegis-cli/src/backup/programs.ts";
import { readPart, writePart } from "../packages/aegis/src/backup/part.ts";
import { backupDesk, fillHub, PASSWORD, SECRET } from "./support/backup.ts";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";

let server: TestPostgres;
let sql: pg.Pool;
let desk: ReturnType<typeof backupDesk>;
let id: string;
let username: string;
const whole = { timeout: 300_000 };

beforeAll(async () => {
  server = await startPostgres();
  sql = new pg.Pool({ connectionString: server.url, max: 5 });
  desk = backupDesk({ BACKUP_DATABASE_URL: server.url, RESTORE_DATABASE_URL: server.url });
  username = await fillHub(sql, desk.at("uploads"));
  await sql.query(
    "create table noise as select n, md5(random()::text) as text from generate_series(1, 20000) n",
  );
  desk.settings["UPLOADS_DIRECTORY"] = desk.at("uploads");
  writeFileSync(
    desk.at("hub.env"),
    "SMTP_URL=smtp://hub:hunter2@mail.test\n# REDIS_URL=redis://:hunter2@redis.test\n",
  );
  id = await desk.created(["--base", "--env", desk.at("hub.env")]);
}, 180_000);
afterAll(async () => {
  await sql?.end();
  await server?.close();
  desk?.close();
});

const folderOf = (one: string): string => desk.at(`backups/${one}`);
const databases = async (): Promise<string[]> => {
  const { rows }: pg.QueryResult<{ name: string }> = await sql.query(
    "select datname as name from pg_database",
  );
  return rows.map(({ name }) => name).toSorted();
};

describe("a backup", () => {
  it("is of its owner alone, and holds no text of people and no secret in the clear", () => {
    expect(readdirSync(folderOf(id)).toSorted()).toEqual([
      "base.tar.age",
      "contents.json.age",
      "database.dump.age",
      "manifest.json",
      "uploads.tar.age",
    ]);
    expect(statSync(folderOf(id)).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(folderOf(id))) {
      const path = join(folderOf(id), name);
      expect([name, statSync(path).mode & 0o777]).toEqual([name, 0o600]);
      const bytes = readFileSync(path);
      for (const text of [username, "aegis_accounts", SECRET, "postgres://", "Wide rivers"])
        expect([name, text, bytes.includes(text)]).toEqual([name, text, false]);
    }
    expect(readdirSync(desk.at("backups"))).toEqual([id]);
  });

  it("opens with age, tar and pg_restore by hand, and names settings without their values", () => {
    const opened = (name: string) =>
      execFileSync("age", ["-d", "-i", desk.at("identity.txt"), join(folderOf(id), name)], {
        maxBuffer: 2 ** 30,
      });
    const files = execFileSync("tar", ["-tf", "-"], { input: opened("uploads.tar.age"), encoding: "utf8" });
    expect(files.match(/^[0-9a-f]{2}\/[0-9a-f-]{36}$/gm)).toHaveLength(3);
    writeFileSync(desk.at("opened.dump"), opened("database.dump.age"));
    const listed = execFileSync("pg_restore", ["--list", desk.at("opened.dump")], { encoding: "utf8" });
    expect(listed).toMatch(/TABLE DATA public aegis_accounts/);
    const text = opened("contents.json.age").toString();
    const contents = JSON.parse(text);
    expect(contents.environment).toEqual(
      expect.arrayContaining(["SECRET_KEY", "BACKUP_DATABASE_URL", "SMTP_URL", "REDIS_URL"]),
    );
    expect(text).not.toContain("hunter2");
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain(server.url);
    expect(contents).toMatchObject({ policy: { environment: "production" }, uploads: { files: 3 } });
    expect(contents.database.tables["public.aegis_accounts"]).toBe(3);
    expect(contents.versions.postgresql).toMatch(/^\d+/);
  });

  it(
    "is what it was made of: rows that come while it is made are counted as the dump has them",
    whole,
    async () => {
      await sql.query("create table busy (n int)");
      const stop = new AbortController();
      const writer = (async () => {
        while (!stop.signal.aborted) await sql.query("insert into busy select generate_series(1, 50)");
      })();
      const during = await desk.created();
      stop.abort();
      await writer;
      const { status, text } = await desk.aegis(["drill", during]);
      expect([status, text]).toEqual([0, expect.stringMatching(/can be restored/)]);
      await sql.query("drop table busy");
      rmSync(folderOf(during), { recursive: true });
    },
  );

  it("is not made, and leaves nothing, where a program fails, rows are hidden or nobody signs", async () => {
    const app = await desk.aegis(["create", "--url", server.appUrl]);
    expect([app.status, app.text]).toEqual([
      2,
      expect.stringMatching(/row-level security|permission denied/),
    ]);
    const ec = desk.at("ec.json");
    writeFileSync(ec, JSON.stringify(newKeyRing("ES256", 0)));
    expect((await desk.aegis(["create", "--keys", ec])).text).toMatch(/signed with Ed25519/);
    expect((await desk.aegis(["create", "--recipient", "age1typo"])).text).toMatch(/no recipients/);
    const noPrograms = await desk.aegis(["create"], { PATH: "/nowhere" });
    expect([noPrograms.status, noPrograms.text]).toEqual([2, expect.stringMatching(/pg_dump is not here/)]);
    expect(readdirSync(desk.at("backups"))).toEqual([id]);
  });
});

describe("a role of its own", () => {
  it("that may read everything and change nothing makes whole backups", whole, async () => {
    await sql.query(
      "create role hub_backup login bypassrls replication; grant pg_read_all_data, pg_read_all_settings to hub_backup",
    );
    const url = server.url.replace("//hub@", "//hub_backup@");
    const made = await desk.created(["--base", "--url", url]);
    expect((await desk.aegis(["drill", made])).text).toMatch(/can be restored/);
    rmSync(folderOf(made), { recursive: true });
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    await expect(pool.query("delete from aegis_accounts")).rejects.toMatchObject({ code: "42501" });
    await pool.end();
  });
});

describe("the secrets of backups", () => {
  it("may come from any source of secrets, as the server's do", whole, async () => {
    const secrets = desk.at("secrets");
    mkdirSync(secrets, { mode: 0o700 });
    const values = {
      KEYS: desk.read("ring.json"),
      IDENTITY: desk.read("identity.txt"),
      DATABASE_URL: server.url,
    };
    for (const [name, value] of Object.entries(values))
      writeFileSync(join(secrets, `BACKUP_${name}`), value, { mode: 0o600 });
    const nowhere = {
      BACKUP_KEYS_FILE: "",
      BACKUP_IDENTITY_FILE: "",
      BACKUP_DATABASE_URL: "",
      DATABASE_URL: "",
    };
    const env = { ...nowhere, BACKUP_DIRECTORY: desk.at("from-secrets") };
    expect(await desk.aegis(["create"], env)).toMatchObject({
      status: 2,
      text: expect.stringContaining("It is not said what backups are signed with"),
    });
    const found = { ...env, SECRETS_DIRECTORY: secrets };
    expect(await desk.aegis(["create"], found)).toMatchObject({ status: 0 });
    expect(await desk.aegis(["list", "--check"], found)).toMatchObject({ status: 0 });
    const into = ["--uploads", desk.at("by-secrets")];
    expect(await desk.aegis(["restore", "latest", ...into], found)).toMatchObject({
      status: 0,
      text: expect.stringContaining("uploads: 3 files"),
    });
    writeFileSync(join(secrets, "BACKUP_KEYS"), "{ no ring");
    const broken = await desk.aegis(["create"], found);
    expect(broken).toMatchObject({ status: 2, text: expect.stringContaining("BACKUP_KEYS cannot be read") });
    expect(broken.text).not.toContain("no ring");
  });
});

describe("a drill", () => {
  it(
    "restores dump and base into servers of their own, and proves rows, log, columns, a login, files",
    whole,
    async () => {
      const { status, text } = await desk.aegis(["drill", "latest"], {
        BACKUP_DRILL_USERNAME: username,
        BACKUP_DRILL_PASSWORD: PASSWORD,
      });
      expect([status, text]).toEqual([0, expect.stringMatching(/can be restored; it took \d+\.\d s/)]);
      expect(text).toMatch(/database +pass +rows +\d+ tables, \d+ rows, as counted/);
      expect(text).toMatch(/database +pass +audit log +[1-9]\d* entries, the chain is whole/);
      expect(text).toMatch(/database +pass +encrypted columns +[1-9]\d* sealed values open/);
      expect(text).toMatch(new RegExp(`database +pass +login +${username} signs in`));
      expect(text).toMatch(/uploads +pass +uploads +3 files are what was stored/);
      for (const name of ["rows", "audit log", "encrypted columns", "login"])
        expect(text).toMatch(new RegExp(`base +pass +${name}`));
      expect(readdirSync(tmpdir()).filter((name) => name.startsWith("aegis-drill-"))).toEqual([]);
    },
  );

  it("ends with 1 where the keys are others, the log was touched, or nobody can sign in", whole, async () => {
    const otherKey = await desk.aegis(["drill", id], { SECRET_KEY: SECRET.split("").toReversed().join("") });
    expect([otherKey.status, otherKey.text]).toEqual([
      1,
      expect.stringMatching(/fail +encrypted columns +row .*no key of the ring/),
    ]);
    await sql.query("alter table aegis_audit disable trigger all");
    await sql.query("update aegis_audit set record = replace(record, 'success', 'failure') where seq = 1");
    await sql.query(
      "update aegis_accounts set password_hash = 'pepper:AAAAAAAA:' || password_hash where id = (select id from aegis_accounts limit 1)",
    );
    const touched = await desk.created();
    const { status, text } = await desk.aegis(["drill", touched]);
    expect([status, text]).toEqual([1, expect.stringMatching(/fail +audit log +\d+ problems; entry 1: /)]);
    expect(text).toMatch(/fail +login +passwords were hashed with the pepper AAAAAAAA/);
    expect(text).toMatch(/is not proven/);
    await sql.query("update aegis_audit set record = replace(record, 'failure', 'success') where seq = 1");
    await sql.query(
      "update aegis_accounts set password_hash = replace(password_hash, 'pepper:AAAAAAAA:', '')",
    );
    rmSync(folderOf(touched), { recursive: true });
  });
});

describe("a restore", () => {
  it("fills a new database and a new folder with what was there", whole, async () => {
    const { status, text } = await desk.aegis([
      "restore",
      id,
      "--into",
      "second",
      "--uploads",
      desk.at("back"),
    ]);
    expect([status, text]).toEqual([0, expect.stringMatching(/database: \d+ tables, \d+ rows/)]);
    const second = new pg.Client({ connectionString: server.url.replace(/postgres$/, "second") });
    await second.connect();
    const all = "select * from aegis_accounts order by id";
    expect((await second.query(all)).rows).toEqual((await sql.query(all)).rows);
    await second.end();
    const digests = (folder: string) =>
      execFileSync("sh", ["-c", "find . -type f -not -path './parts/*' -exec sha256sum {} + | sort"], {
        cwd: folder,
        encoding: "utf8",
      });
    expect(digests(desk.at("back"))).toBe(digests(desk.at("uploads")));
    expect(statSync(desk.at("back")).mode & 0o777).toBe(0o700);
  });

  it(
    "refuses a database and a folder that hold something, and a server without the roles, and touches none",
    whole,
    async () => {
      const before = (await sql.query("select count(*) from aegis_accounts")).rows;
      const full = await desk.aegis(["restore", id, "--url", "--uploads", desk.at("third")]);
      expect([full.status, full.text]).toEqual([2, expect.stringMatching(/The database is not empty/)]);
      const folder = await desk.aegis(["restore", id, "--into", "third", "--uploads", desk.at("uploads")]);
      expect([folder.status, folder.text]).toEqual([2, expect.stringMatching(/uploads is not empty/)]);
      const taken = await desk.aegis(["restore", id, "--into", "second"]);
      expect([taken.status, taken.text]).toEqual([2, expect.stringMatching(/already exists/)]);
      await sql.query("create role maker login createdb");
      const weak = await desk.aegis([
        "restore",
        id,
        "--url",
        server.url.replace("//hub@", "//maker@"),
        "--into",
        "fourth",
      ]);
      expect([weak.status, weak.text]).toEqual([2, expect.stringMatching(/pg_restore ended with 1/)]);
      const bare = await startPostgres();
      const client = new pg.Client({ connectionString: bare.url });
      await client.connect();
      await client.query("drop role hub_app; drop role aegis_app");
      await client.end();
      const roles = await desk.aegis(["restore", id, "--url", bare.url]);
      expect([roles.status, roles.text]).toEqual([
        2,
        expect.stringMatching(/no role aegis_app[\s\S]*create role "aegis_app";/),
      ]);
      await bare.close();
      expect((await sql.query("select count(*) from aegis_accounts")).rows).toEqual(before);
      expect(await databases()).toEqual(["postgres", "second", "template0", "template1"]);
      expect(existsSync(desk.at("third"))).toBe(false);
    },
  );
});

describe("a backup that somebody touched", () => {
  const identity = (path: string): void => void execFileSync("age-keygen", ["-o", path], { stdio: "ignore" });
  /** A copy that is damaged, put where the whole one is. */
  async function tried(touch: (folder: string) => void, args: readonly string[] = []) {
    const kept = mkdtempSync(join(tmpdir(), "aegis-kept-"));
    cpSync(folderOf(id), join(kept, id), { recursive: true });
    try {
      touch(folderOf(id));
      const before = await databases();
      const answer = await desk.aegis([
        "restore",
        id,
        "--into",
        "touched",
        "--uploads",
        desk.at("touched"),
        ...args,
      ]);
      expect(await databases()).toEqual(before);
      expect(existsSync(desk.at("touched"))).toBe(false);
      return answer;
    } finally {
      rmSync(folderOf(id), { recursive: true });
      cpSync(join(kept, id), folderOf(id), { recursive: true });
      rmSync(kept, { recursive: true });
    }
  }
  const flip = (path: string, at: number): void => {
    const bytes = readFileSync(path);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(path, bytes);
  };

  it.each(["base.tar.age", "contents.json.age", "database.dump.age", "uploads.tar.age", "manifest.json"])(
    "is refused for one flipped bit of %s, wherever it is",
    whole,
    async (name) => {
      const { size } = statSync(join(folderOf(id), name));
      for (const at of [0, Math.floor(size / 2), size - 2]) {
        const { status, text } = await tried((folder) => flip(join(folder, name), at));
        expect([at, status, text]).toEqual([at, 2, expect.stringMatching(/is refused: .*(manifest|part)/)]);
      }
    },
  );

  it.each<[string, (folder: string) => void, RegExp]>([
    ["a part is missing", (folder) => rmSync(join(folder, "uploads.tar.age")), /part uploads is missing/],
    ["a part was cut off", (folder) => truncateSync(join(folder, "database.dump.age"), 1000), /not as long/],
    ["a part is longer", (folder) => appendFileSync(join(folder, "database.dump.age"), "x"), /not as long/],
    [
      "there is one more",
      (folder) => writeFileSync(join(folder, "extra.age"), ""),
      /file that its manifest does not name/,
    ],
    ["the manifest is gone", (folder) => rmSync(join(folder, "manifest.json")), /no manifest/],
    [
      "a part is another's",
      (folder) => copyFileSync(join(folder, "base.tar.age"), join(folder, "uploads.tar.age")),
      /not as long/,
    ],
    [
      "it has a second signature's spelling",
      (folder) => appendFileSync(join(folder, "manifest.json"), " "),
      /manifest/,
    ],
  ])("is refused where %s", whole, async (_name, touch, message) => {
    const { status, text } = await tried(touch);
    expect([status, text]).toEqual([2, expect.stringMatching(message)]);
  });

  it("is refused under another's signature, another's name, and to another identity", whole, async () => {
    const other = backupDesk();
    copyFileSync(other.at("ring.json"), desk.at("other.json"));
    const stranger = await tried(() => undefined, ["--key", desk.at("other.json")]);
    expect([stranger.status, stranger.text]).toEqual([
      2,
      expect.stringMatching(/signed by a key that was not handed in/),
    ]);
    identity(desk.at("other.txt"));
    const closed = await tried(() => undefined, ["--identity", desk.at("other.txt")]);
    expect([closed.status, closed.text]).toEqual([
      2,
      expect.stringMatching(/No identity that was given opens it/),
    ]);
    const name = id.replace(/^\d{8}/, "20300101");
    renameSync(folderOf(id), folderOf(name));
    const renamed = await desk.aegis(["restore", name, "--into", "touched"]);
    renameSync(folderOf(name), folderOf(id));
    expect([renamed.status, renamed.text]).toEqual([
      2,
      expect.stringMatching(/another backup under this name/),
    ]);
    other.close();
  });
});

describe("a part that is exchanged after it was looked at", () => {
  it("is restored in no row, although every piece of it but the last is right", whole, async () => {
    const path = join(folderOf(id), "database.dump.age");
    const manifest = JSON.parse(readFileSync(join(folderOf(id), "manifest.json"), "utf8")).body;
    const part = manifest.parts.find(({ name }: { name: string }) => name === "database");
    const identities = parseIdentities(desk.read("identity.txt"));
    // The same dump, encrypted anew for the same recipient: as long, and opens; only its digest is another.
    const other = desk.at("exchanged.age");
    const written = await writePart(
      other,
      readPart(path, part, identities),
      parseRecipients(desk.read("recipients.txt")),
    );
    expect([written.bytes, written.sha256 === part.sha256]).toEqual([part.bytes, false]);
    expect(part.bytes).toBeGreaterThan(2 * 65_536);
    for (const [name, file, expected] of [
      ["exchanged", other, part],
      ["genuine", other, written],
    ] as const) {
      await sql.query(`create database ${name} template template0`);
      const url = server.url.replace(/postgres$/, name);
      const done = await feed(restoreProgram(url), readPart(file, expected, identities)).then(
        () => "restored",
        (error: unknown) => String(error),
      );
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      expect([name, done, await isEmptyDatabase(client)]).toEqual(
        name === "genuine"
          ? [name, "restored", false]
          : [name, expect.stringMatching(/not what its manifest says/), true],
      );
      await client.end();
      await sql.query(`drop database ${name} with (force)`);
    }
  });
});

describe("the list", () => {
  it(
    "shows what there is, and ends with 1 where one is damaged, foreign or the newest is overdue",
    whole,
    async () => {
      const good = await desk.aegis(["list", "--check"]);
      expect([good.status, good.text]).toEqual([
        0,
        expect.stringMatching(new RegExp(`^${id}  .*B  database base uploads contents`)),
      ]);
      const fake = folderOf("20991231T000000Z-00000000");
      mkdirSync(fake);
      writeFileSync(join(fake, "manifest.json"), "{}\n");
      const bad = await desk.aegis(["list", "--json"]);
      expect(bad.status).toBe(1);
      expect(bad.text).toMatch(/"problem": "its manifest is not signed"/);
      rmSync(fake, { recursive: true });
      writeFileSync(desk.at("strict.json"), '{"backup":{"schedule":"hourly","maxAgeSeconds":3601}}');
      expect((await desk.aegis(["list", "--policy", desk.at("strict.json")])).status).toBe(0);
      const none = await desk.aegis(["list"], { BACKUP_DIRECTORY: desk.at("uploads") });
      expect([none.status, none.text]).toEqual([1, expect.stringMatching(/there is no backup/)]);
    },
  );

  it(
    "is cut by the policy: the newest stay, what is not to be believed is left, what broke off goes",
    whole,
    async () => {
      const others = [await desk.created(), await desk.created()];
      const broken = desk.at("backups/.20200101T000000Z-00000000.partial");
      mkdirSync(broken);
      execFileSync("touch", ["-d", "2 days ago", broken]);
      const fake = folderOf("20200101T000000Z-00000000");
      mkdirSync(fake);
      writeFileSync(
        desk.at("few.json"),
        '{"backup":{"keepLatestCount":2,"keepDailyCount":0,"keepWeeklyCount":0,"keepMonthlyCount":0}}',
      );
      const dry = await desk.aegis(["prune", "--dry-run", "--policy", desk.at("few.json")]);
      expect(dry.text).toMatch(new RegExp(`^${id}$`, "m"));
      expect(existsSync(folderOf(id))).toBe(true);
      const { status, text } = await desk.aegis(["prune", "--policy", desk.at("few.json")]);
      expect([status, text]).toEqual([0, expect.stringMatching(/2 kept, 1 removed, 0 segments.*1 broken/)]);
      expect(readdirSync(desk.at("backups")).toSorted()).toEqual([
        "20200101T000000Z-00000000",
        ...others.toSorted(),
      ]);
      chmodSync(fake, 0o700);
    },
  );
});
