/** Backups of the embedded database, which development has: nobody else may have it open. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase } from "../apps/hub/server/database/open.ts";
import { backupDesk, fillHub } from "./support/backup.ts";

const long = { timeout: 300_000 };
let desk: ReturnType<typeof backupDesk>;
const embedded = (): string => desk.at("database");
const open = (folder: string) =>
  openDatabase({ databaseUrl: undefined, dataDirectory: folder, environment: "development" });

beforeAll(async () => {
  desk = backupDesk();
  const database = await open(embedded());
  await fillHub(database.pool, desk.at("uploads"));
  await database.close();
}, 120_000);
afterAll(() => desk?.close());

describe("the embedded database", () => {
  it("is copied whole, drilled, and restored into a folder that a hub opens", long, async () => {
    const id = await desk.created(["--embedded", embedded(), "--uploads", desk.at("uploads")]);
    expect(existsSync(join(embedded(), "hub.pid"))).toBe(false);
    const { status, text } = await desk.aegis(["drill", id]);
    expect([status, text]).toEqual([0, expect.stringMatching(/can be restored/)]);
    for (const name of ["rows", "audit log", "encrypted columns", "login"])
      expect(text).toMatch(new RegExp(`embedded +pass +${name}`));
    expect(text).toMatch(/uploads +pass +uploads +3 files/);
    expect((await desk.aegis(["restore", id, "--embedded", desk.at("again")])).status).toBe(0);
    const again = await open(desk.at("again"));
    const { rows } = await again.pool.query("select count(*) as total from aegis_accounts");
    expect(rows).toEqual([{ total: "3" }]);
    await again.close();
    const full = await desk.aegis(["restore", id, "--embedded", desk.at("again")]);
    expect([full.status, full.text]).toEqual([2, expect.stringMatching(/again is not empty/)]);
  });

  it("is not copied while a hub has it open, nor where there is none", long, async () => {
    const before = readdirSync(desk.at("backups"));
    const running = await open(embedded());
    const busy = await desk.aegis(["create", "--embedded", embedded()]);
    await running.close();
    expect([busy.status, busy.text]).toEqual([
      2,
      expect.stringMatching(new RegExp(`in use by process ${process.pid}`)),
    ]);
    const nothing = mkdtempSync(join(tmpdir(), "aegis-nothing-"));
    for (const folder of [join(nothing, "none"), nothing]) {
      const none = await desk.aegis(["create", "--embedded", folder]);
      expect([none.status, none.text]).toEqual([2, expect.stringMatching(/no embedded database/)]);
      expect(existsSync(join(folder, "hub.pid"))).toBe(false);
    }
    writeFileSync(join(nothing, "x"), "");
    rmSync(nothing, { recursive: true });
    expect(readdirSync(desk.at("backups"))).toEqual(before);
  });
});
