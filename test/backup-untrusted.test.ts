/**
 * The files of a cluster come from a database server, and the folder that they go to is PostgreSQL's: neither may have
 * whoever restores, who is root, write to another place or give it away. Whoever can reach the backups can damage them.
 */
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { backupSigner, beginBackup, parseRecipients } from "aegis/backup";
import { definePolicy, fingerprint, parseKeyRing } from "aegis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backupDesk } from "./support/backup.ts";

const long = { timeout: 60_000 };
let desk: ReturnType<typeof backupDesk>;
/** What a server wrote whose superuser is somebody else by now. */
let folder: string;
const victim = (): string => join(folder, "victim");

beforeAll(() => {
  desk = backupDesk();
  folder = mkdtempSync(join(tmpdir(), "aegis-links-"));
  chmodSync(folder, 0o755); // PostgreSQL's user goes through it
});
afterAll(() => {
  desk?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** A signed backup with a base in which `name` is a link to the victim; with `database`, what that part holds. */
async function madeWith(name: string, database?: object, now = Date.now()): Promise<string> {
  const files = mkdtempSync(join(folder, "base-"));
  writeFileSync(join(files, "PG_VERSION"), "15\n");
  symlinkSync(victim(), join(files, name));
  const tar = execFileSync("tar", ["--create", "--file=-", `--directory=${files}`, "PG_VERSION", name]);
  const making = await beginBackup({
    directory: desk.at("backups"),
    signer: backupSigner(parseKeyRing(JSON.parse(desk.read("ring.json")))),
    recipients: parseRecipients(desk.read("recipients.txt")),
    now,
    suffix: `link${String(name.length).padStart(4, "0")}`,
  });
  const policy = definePolicy({ environment: "production" });
  const contents = {
    versions: {},
    environment: [],
    policy,
    policy_fingerprint: fingerprint(policy),
    ...(database === undefined ? {} : { database }),
  };
  await making.part("base", once(tar));
  await making.part("contents", once(Buffer.from(JSON.stringify(contents))));
  const segment = "000000010000000000000002";
  await making.finish({ first: segment, last: segment, segment_bytes: 2 ** 24 });
  return making.id;
}

describe("a restore of a cluster", () => {
  it.each(["postgresql.auto.conf", "recovery.signal"])(
    "writes through no link that the base has in place of %s",
    long,
    async (name) => {
      writeFileSync(victim(), "what was there\n", { mode: 0o600 });
      const before = statSync(victim());
      const id = await madeWith(name);
      const data = join(folder, `cluster-${name}`);
      const { status, text } = await desk.aegis(["restore", id, "--cluster", data]);
      expect([status, text]).toEqual([2, expect.stringContaining(`${name} is a link`)]);
      expect(readFileSync(victim(), "utf8")).toBe("what was there\n");
      expect([statSync(victim()).uid, statSync(victim()).gid]).toEqual([before.uid, before.gid]);
      for (const path of [data, `${data}.wal`]) expect(existsSync(path)).toBe(false);
    },
  );
});

describe("the latest backup", () => {
  it(
    "is the latest that can be believed, and the newer ones that are passed over are told",
    long,
    async () => {
      const hour = 3_600_000;
      const good = await madeWith("pg_ident.conf", undefined, Date.now() + hour);
      const bad = await madeWith("pg_hba.conf", undefined, Date.now() + 2 * hour);
      appendFileSync(desk.at(`backups/${bad}/manifest.json`), " ");
      const data = join(folder, "cluster-latest");
      const { status, text } = await desk.aegis(["restore", "latest", "--cluster", data]);
      expect([status, text]).toEqual([0, expect.stringContaining(`${good}: `)]);
      expect(text).toContain(`warning: ${bad} is newer, and passed over: its manifest`);
      rmSync(desk.at(`backups/${bad}`), { recursive: true });
      rmSync(desk.at(`backups/${good}`), { recursive: true });
    },
  );
});

describe("a drill", () => {
  it("tells the server that it starts no secret of its own", long, async () => {
    const programs = mkdtempSync(join(folder, "programs-"));
    chmodSync(programs, 0o777); // for PostgreSQL's user, who writes down what it was told
    writeFileSync(join(programs, "postgres"), `#!/bin/sh\nenv > ${programs}/told\nexit 1\n`, { mode: 0o755 });
    writeFileSync(join(programs, "initdb"), "#!/bin/sh\n", { mode: 0o755 });
    for (const name of ["initdb", "postgres"]) chmodSync(join(programs, name), 0o755);
    const id = await madeWith("pg_ident.conf", {
      kind: "postgresql",
      database: "hub",
      roles: [],
      superuser: "postgres",
      preload_libraries: [],
      tables: {},
      audit: null,
    });
    const { status, text } = await desk.aegis(["drill", id, "--pg-bin", programs]);
    expect([status, text]).toEqual([2, expect.stringContaining("the restored server does not start")]);
    const told = readFileSync(join(programs, "told"), "utf8");
    expect(told).toContain("PATH=");
    expect(told).not.toMatch(/SECRET|BACKUP_/);
  });
});
