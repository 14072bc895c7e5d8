/** A hub with people, sealed words, an audit log and files on a real PostgreSQL; keys of backups; the command. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definePolicy, derivedDataKeys, newKeyRing } from "aegis";
import { fileBlobs } from "aegis/stores/files";
import { migrate, postgresStores, sealedAccounts, type SqlPool } from "aegis/stores/postgres";
import { textFile } from "../../packages/aegis/src/verify/wire/files.ts";
import { migrationSources } from "../../apps/hub/server/database/migrations.ts";
import { PASSWORD, Visitor } from "./browser-like.ts";
import { cheapHash, startHub } from "./hub.ts";
import { repository, run } from "./processes.ts";
import { roomyLimits } from "./roomy-limits.ts";
import { named, upload } from "./upload.ts";

export const SECRET = "3pLr7vQ0xY2mZ9kW4bT6nJ8cH1sD5fGaEuOiRtVwXyA";
const secretKey = Buffer.from(SECRET, "base64url");

/** Migrates and fills; the name of one account, whose password is PASSWORD. */
export async function fillHub(sql: SqlPool, uploads: string): Promise<string> {
  await migrate(sql, migrationSources);
  const stores = postgresStores(sql);
  const hub = await startHub(
    definePolicy({ preset: "education", environment: "test", password: { argon2: cheapHash } }),
    {
      ...stores,
      accounts: sealedAccounts(stores.accounts, derivedDataKeys([secretKey])),
      limits: roomyLimits(),
      secretKey,
      blobs: fileBlobs(uploads),
    },
  );
  const people: Visitor[] = [];
  for (let n = 0; n < 3; n++) {
    const visitor = await new Visitor(hub.app).enter();
    await visitor.send("POST", "/api/profile", {
      json: { display_name: `Ada ${n}`, about_me: "Wide rivers" },
      headers: { "x-csrftoken": await visitor.token() },
    });
    const made = await upload(visitor, named(textFile(), `letter-${n}.txt`));
    if (made.statusCode !== 201) throw new Error(`no upload: ${made.body}`);
    people.push(visitor);
  }
  await hub.settled();
  await hub.close();
  return people[0]?.username ?? "";
}

export { PASSWORD };

/** A folder with a ring that signs, its public key, a recipient with its identity; and the command that uses them. */
export function backupDesk(env: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "aegis-backup-"));
  const at = (name: string): string => join(folder, name);
  writeFileSync(at("ring.json"), JSON.stringify(newKeyRing("EdDSA", 0)), { mode: 0o600 });
  execFileSync("age-keygen", ["-o", at("identity.txt")], { stdio: "ignore" });
  const recipient = execFileSync("age-keygen", ["-y", at("identity.txt")], { encoding: "utf8" });
  writeFileSync(at("recipients.txt"), recipient);
  const settings: Record<string, string> = {
    NO_COLOR: "1",
    SECRET_KEY: SECRET,
    BACKUP_DIRECTORY: at("backups"),
    BACKUP_KEYS_FILE: at("ring.json"),
    BACKUP_RECIPIENTS_FILE: at("recipients.txt"),
    BACKUP_IDENTITY_FILE: at("identity.txt"),
    ...env,
  };
  return {
    at,
    read: (name: string): string => readFileSync(at(name), "utf8"),
    settings,
    aegis: async (args: readonly string[], more: Readonly<Record<string, string>> = {}) => {
      const child = run(
        process.execPath,
        ["--conditions=source", join(repository, "packages/aegis-cli/src/main.ts"), "backup", ...args],
        { ...settings, ...more },
        folder,
      );
      return { status: await child.ended(), text: child.output() };
    },
    /** The name of a backup that is made. */
    created: async function (args: readonly string[] = []): Promise<string> {
      const { status, text } = await this.aegis(["create", ...args]);
      const id = /^\d{8}T\d{6}Z-[0-9a-f]{8}$/m.exec(text)?.[0];
      if (status !== 0 || id === undefined) throw new Error(`no backup was made: ${text}`);
      return id;
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
