/** The guide to backups, followed to the letter: every command of it, in its order. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fillHub, SECRET } from "./support/backup.ts";
import { aegisPrograms, shellBlocks } from "./support/guides.ts";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";
import { repository, run } from "./support/processes.ts";

const guide = readFileSync(join(repository, "docs/backups.md"), "utf8");
const blocks = shellBlocks(guide);
let server: TestPostgres;
let folder: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  server = await startPostgres();
  folder = mkdtempSync(join(tmpdir(), "aegis-guide-"));
  chmodSync(folder, 0o755); // PostgreSQL's user goes through it to its cluster
  const sql = new pg.Pool({ connectionString: server.url, max: 3 });
  await fillHub(sql, at("uploads"));
  await sql.end();
  aegisPrograms(at("bin"));
}, 120_000);
afterAll(async () => {
  await server?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

async function follow(block: string): Promise<string> {
  const backups = existsSync(at("backups"))
    ? readdirSync(at("backups")).filter((name) => /^\d/.test(name))
    : [];
  const child = run(
    "sh",
    ["-ec", block],
    {
      PATH: `${at("bin")}:${process.env["PATH"] ?? ""}`,
      NO_COLOR: "1",
      SECRET_KEY: SECRET,
      OWNER_URL: server.url,
      BACKUP_DIRECTORY: at("backups"),
      BACKUP_DATABASE_URL: server.url.replace("//hub@", "//hub_backup@"),
      RESTORE_DATABASE_URL: server.url,
      BACKUP_KEYS_FILE: at("backup-keys.json"),
      BACKUP_PUBLIC_KEY_FILE: at("backup-key.json"),
      BACKUP_RECIPIENTS_FILE: at("backup-recipients.txt"),
      BACKUP_IDENTITY_FILE: at("backup-identity.txt"),
      UPLOADS_DIRECTORY: at("uploads"),
      MOMENT: new Date().toISOString(),
      BACKUP: backups[0] ?? "",
    },
    folder,
  );
  const status = await child.ended();
  expect([block, status, child.output()]).toEqual([block, 0, expect.any(String)]);
  return child.output();
}

describe("the guide to backups", () => {
  it("works, command by command", { timeout: 300_000 }, async () => {
    const said: string[] = [];
    for (const block of blocks) said.push(await follow(block));
    const all = said.join("\n");
    expect(blocks.length).toBeGreaterThanOrEqual(9);
    expect(all).toMatch(/can be restored; it took/);
    expect(all).toMatch(/database: \d+ tables, \d+ rows/);
    expect(all).toMatch(/cluster: .*\/cluster, 0 segments/);
    expect(all).toMatch(/TABLE DATA public aegis_accounts/);
    expect(all).toMatch(/"environment":\[/);
    expect(statSync(at("cluster")).isDirectory()).toBe(true);
    expect(readdirSync(at("uploads-restored")).length).toBeGreaterThan(0);
  });

  it("names no option or setting of the policy that there is not", () => {
    const help = ["create", "list", "prune", "wal", "restore", "drill", "key"]
      .map((command) =>
        execFileSync(
          process.execPath,
          [
            "--conditions=source",
            join(repository, "packages/aegis-cli/src/main.ts"),
            "backup",
            command,
            "--help",
          ],
          { encoding: "utf8" },
        ),
      )
      .join("\n");
    for (const [option] of guide.matchAll(/(?<=[ `])--[a-z][a-z-]+/g))
      if (!["--algorithm", "--list"].includes(option))
        expect([option, help.includes(option)]).toEqual([option, true]);
    const policy = readFileSync(join(repository, "docs/policy.md"), "utf8");
    for (const [, name = ""] of guide.matchAll(/`(?:backup\.)?(\w+(?:Count|Seconds)|schedule)`/g))
      expect([name, policy.includes(`\`backup.${name}\``)]).toEqual([name, true]);
  });
});
