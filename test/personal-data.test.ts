/** What the hub hands out to a person of what it keeps about them, and what is gone with their account. */
import { definePolicy } from "aegis";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pngFile, textFile } from "../packages/aegis/src/verify/wire/files.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { act, memberOf, openTenant } from "./support/tenant-people.ts";
import { named, upload } from "./support/upload.ts";

let hub: Awaited<ReturnType<typeof startHub>>;
beforeAll(async () => {
  hub = await startHub(
    definePolicy({ preset: "education", environment: "test", password: { argon2: cheapHash } }),
  );
});
afterAll(() => hub.close());

describe("the export of personal data", () => {
  it("names the person's files and simulations in all of their tenants, and nobody else's", async () => {
    const [one, two] = [await openTenant(hub, "One"), await openTenant(hub, "Two")];
    const ada = await memberOf(hub, one, "learner");
    const eve = await memberOf(hub, one, "author");
    const made: Record<string, string> = {};
    const make = async (who: typeof ada, name: string) => {
      const answer = await act(who, "POST", "/api/simulations", { name });
      expect(answer.statusCode, answer.body).toBe(201);
      made[name] = String(answer.json().id);
    };
    await make(ada, "First");
    await make(eve, "Another's");
    expect((await upload(ada, named(textFile("A note of mine.\n"), "mine.txt"))).statusCode).toBe(201);
    expect((await upload(eve, named(textFile("A note of hers.\n"), "hers.txt"))).statusCode).toBe(201);

    const { id } = (await ada.send("GET", "/api/check_session")).json().user;
    await hub.stores.tenancy.join(two, { accountId: id, role: "author", joinedAt: hub.clock.now() }, 100);
    expect((await act(ada, "POST", "/api/tenant/switch", { tenant_id: two })).statusCode).toBe(200);
    await make(ada, "Second");
    expect((await upload(ada, named(pngFile(), "dot.png"))).statusCode).toBe(201);

    const answer = await ada.send("GET", "/api/account/export");
    expect(answer.statusCode, answer.body).toBe(200);
    const { uploads, simulations } = answer.json();
    const facts = (rows: { readonly name: string; readonly tenant_id: string }[]) =>
      rows
        .map(({ name, tenant_id: tenant }) => [name, tenant])
        .toSorted((a, b) => (String(a) < String(b) ? -1 : 1));
    expect(uploads.total).toBe(2);
    expect(facts(uploads.items)).toEqual([
      ["dot.png", two],
      ["mine.txt", one],
    ]);
    expect(uploads.items).toContainEqual(
      expect.objectContaining({ name: "mine.txt", media_type: "text/plain; charset=utf-8", size_bytes: 16 }),
    );
    expect(simulations.total).toBe(2);
    expect(facts(simulations.items)).toEqual([
      ["First", one],
      ["Second", two],
    ]);
    const ids = simulations.items.map((row: { readonly id: string }) => row.id);
    expect(new Set(ids)).toEqual(new Set([made["First"], made["Second"]]));
    expect(answer.body).not.toMatch(/Another's|hers\.txt/);

    const zip = unzipSync((await ada.send("GET", "/api/account/export?format=zip")).rawPayload);
    expect(Object.keys(zip)).toEqual(expect.arrayContaining(["uploads.json", "simulations.json"]));
    expect(Buffer.from(zip["simulations.json"] ?? []).toString()).toContain("Second");
  });

  it("names no simulation of a tenant that the person has left, and still every file of theirs", async () => {
    const tenant = await openTenant(hub, "Left");
    const ada = await memberOf(hub, tenant, "learner");
    expect((await act(ada, "POST", "/api/simulations", { name: "Stays there" })).statusCode).toBe(201);
    expect((await upload(ada, named(textFile(), "kept.txt"))).statusCode).toBe(201);
    const before = (await ada.send("GET", "/api/account/export")).json();
    expect([before.simulations.total, before.uploads.total]).toEqual([1, 1]);
    expect((await act(ada, "POST", "/api/tenant/leave")).statusCode).toBe(200);
    const after = (await ada.send("GET", "/api/account/export")).json();
    expect(after.simulations).toEqual({ total: 0, items: [] });
    expect(after.uploads).toMatchObject({ total: 1, items: [{ name: "kept.txt", tenant_id: tenant }] });
  });
});
