import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { beginBackup, checkBackup, listBackups, removeBackup, removeBroken } from "./archive.ts";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const signer = { kid: "k", privateKey };
const keys = new Map([["k", publicKey]]);
const NOW = Date.parse("2026-11-21T15:04:05.678Z");
let directory: string;
let recipients: readonly string[];
beforeAll(async () => {
  directory = join(mkdtempSync(join(tmpdir(), "aegis-archive-")), "backups");
  recipients = [await identityToRecipient(await generateX25519Identity())];
});
afterAll(() => rmSync(join(directory, ".."), { recursive: true, force: true }));

const begin = (suffix: string, now = NOW) => beginBackup({ directory, signer, recipients, now, suffix });
async function* text(content: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(content);
}

describe("the folder of backups", () => {
  it("is empty where there is none yet, and shows a backup once it is whole", async () => {
    expect(await listBackups(directory, keys)).toEqual([]);
    const making = await begin("aaaaaaaa");
    await making.part("contents", text("{}"));
    expect(await listBackups(directory, keys)).toEqual([]);
    await making.part("database", text("dump"));
    await making.finish();
    const [only] = await listBackups(directory, keys, { whole: true });
    expect(only).toMatchObject({ id: "20261121T150405Z-aaaaaaaa", problem: undefined });
    expect(only?.manifest).toMatchObject({ created_at: "2026-11-21T15:04:05.678Z" });
    expect(only?.manifest?.parts.map(({ name }) => name)).toEqual(["database", "contents"]);
    expect(await checkBackup(directory, "20261121T150405Z-aaaaaaaa", keys)).toEqual(only?.manifest);
  });

  it("holds nothing of one that was given up, has no part, or whose source broke off", async () => {
    const before = readdirSync(directory);
    const broken = await begin("bbbbbbbb");
    const source = async function* () {
      yield Buffer.from("half");
      throw new Error("pg_dump ended");
    };
    await expect(broken.part("database", source())).rejects.toThrow(/pg_dump ended/);
    await broken.discard();
    const empty = await begin("cccccccc");
    await expect(empty.finish()).rejects.toThrow(/no part/);
    await empty.discard();
    expect(readdirSync(directory)).toEqual(before);
  });

  it("goes out of no folder by a name", async () => {
    for (const name of ["../x", ".", "20261121T150405Z-aaaaaaaa/../../x", ""]) {
      await expect(checkBackup(directory, name, keys)).rejects.toThrow(/no name of a backup/);
      await expect(removeBackup(directory, name)).rejects.toThrow(/no name of a backup/);
    }
  });

  it("loses what a killed process left, unless somebody still writes there", async () => {
    const making = await begin("dddddddd");
    await making.part("database", text("half"));
    const left = join(directory, ".20261121T150405Z-dddddddd.partial");
    const old = new Date(NOW - 3_600_000);
    utimesSync(left, old, old);
    expect(await removeBroken(directory, NOW)).toBe(0); // the part in it is new
    utimesSync(join(left, "database.dump.age"), old, old);
    utimesSync(left, old, old);
    expect(await removeBroken(directory, NOW)).toBe(1);
    await removeBackup(directory, "20261121T150405Z-aaaaaaaa");
    expect(readdirSync(directory)).toEqual([]);
  });
});
