/** The administrator's page of the audit log in Chromium: found, searched, touched, away. */
import { definePolicy } from "aegis";
import { memoryStores } from "aegis/fastify";
import { describe, expect, it } from "vitest";
import { inChromium, look, newPerson } from "./support/e2e.ts";
import { cheapHash, startHub } from "./support/hub.ts";

let hub: Awaited<ReturnType<typeof startHub>>;
let stores = memoryStores();
const open = () => {
  stores = memoryStores();
  return startHub(
    definePolicy({
      preset: "education",
      environment: "development",
      transport: { trustedProxies: ["127.0.0.1"] },
      password: { argon2: cheapHash },
    }),
    stores,
  );
};

const { visit } = inChromium(() => hub.origin);

describe.each([
  ["light", 1280],
  ["dark", 320],
] as const)("the audit log in %s at %i pixels", (theme, width) => {
  it(
    "shows what happened and that it is whole, finds it, and says so when it was touched or cannot be read",
    { timeout: 120_000 },
    async () => {
      hub = await open();
      const { context, page, complaints } = await visit({ dark: theme === "dark", width });
      const name = (part: string) => `audit-${theme}-${width}-${part}`;
      await newPerson(hub, page, "overseer", ["user", "admin"]);
      await hub.settled();
      await page.getByRole("button", { name: /^Account of/ }).click();
      await page.getByRole("menuitem", { name: "Audit log" }).click();
      await page.getByRole("heading", { level: 1, name: "Audit log" }).waitFor();
      const entries = page.getByRole("list", { name: "Entries" });
      await entries.getByText("The second step was turned on").waitFor();
      await page.getByText(/^\W?Whole$/).waitFor();
      await look(page, name("whole"));

      await page.getByLabel("Kind").selectOption("session.");
      await page.getByLabel("Outcome").selectOption("success");
      await page.getByRole("button", { name: "Search" }).click();
      await entries.getByText("The second step was turned on").waitFor({ state: "detached" });
      await entries.getByText("Signed in", { exact: true }).waitFor();
      expect(new URL(page.url()).search).toContain("event=session.");
      await page.getByLabel("Address").fill("203.0.113.77");
      await page.getByRole("button", { name: "Search" }).click();
      await page.getByText("No such entries").waitFor();
      await look(page, name("none"));
      await page.getByRole("button", { name: "Show all" }).click();
      await page
        .getByRole("button", { name: /^All entries of the person/ })
        .first()
        .click();
      await expect.poll(() => new URL(page.url()).search).toContain("user_id=");

      const found = stores.auditLog.page.bind(stores.auditLog);
      const lines = stores.auditLog.lines.bind(stores.auditLog);
      stores.auditLog.page = async (query) =>
        (await found(query)).map((entry, n) => (n === 0 ? { ...entry, record: {} } : entry));
      stores.auditLog.lines = async (...asked) =>
        (await lines(...asked)).map(({ seq, line }) => ({
          seq,
          line: seq === 1 ? line.replace("success", "failure") : line,
        }));
      hub.clock.advance(11);
      await page.goto("/admin/audit");
      await page.getByText("Entry 1 was changed.", { exact: false }).waitFor();
      await page.getByText("What stands here is not what was written").waitFor();
      await look(page, name("touched"));

      stores.auditLog.head = async () => {
        throw Object.assign(new Error("away"), { code: "ECONNREFUSED" });
      };
      await page.goto("/admin/audit");
      await page.getByRole("button", { name: "Try again" }).waitFor();
      await look(page, name("away"));
      expect(complaints).toEqual([]);
      await context.close();
      await hub.close();
    },
  );
});
